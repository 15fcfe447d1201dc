using System.Xml;
using System.Xml.Linq;

namespace Connector.Plugins.Aws;

/// <summary>Answers of the query services. Names are read without their namespace, which carries a version.</summary>
internal static class AwsXml
{
    private const int Deepest = 64;

    /// <exception cref="XmlException">It is not XML, or deeper than any answer is.</exception>
    public static XElement Read(byte[] body)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
        Check(body, settings);
        using var reader = XmlReader.Create(new MemoryStream(body, writable: false), settings);
        return XElement.Load(reader);
    }

    public static XElement? Child(XElement? parent, string name) => parent?.Elements().FirstOrDefault(one => one.Name.LocalName == name);

    public static IEnumerable<XElement> Children(XElement? parent, string name) => parent?.Elements().Where(one => one.Name.LocalName == name) ?? [];

    public static string? Text(XElement? parent, string name) => Child(parent, name)?.Value;

    // A tree is walked recursively later on: the depth is bounded before there is one.
    private static void Check(byte[] body, XmlReaderSettings settings)
    {
        using var reader = XmlReader.Create(new MemoryStream(body, writable: false), settings);
        while (reader.Read())
        {
            if (reader.Depth > Deepest)
            {
                throw new XmlException("the answer is nested too deep");
            }
        }
    }
}
