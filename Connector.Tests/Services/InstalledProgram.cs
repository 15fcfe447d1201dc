namespace Connector.Tests.Services;

/// <summary>Programs of other projects that tests and comparisons start; looked up, never assumed.</summary>
internal sealed record InstalledProgram(string Name, string DebianPackage, params string[] ExtraFolders)
{
    public static InstalledProgram Curl { get; } = new("curl", "curl");

    public static InstalledProgram HaProxy { get; } = new("haproxy", "haproxy");

    public static InstalledProgram MariaDb { get; } = new("mariadbd", "mariadb-server-core");

    public static InstalledProgram MariaDbClient { get; } = new("mariadb", "mariadb-client-core");

    public static InstalledProgram MariaDbInstallDb { get; } = new("mariadb-install-db", "mariadb-server-core");

    public static InstalledProgram Nginx { get; } = new("nginx", "nginx-light");

    public static InstalledProgram Postgres { get; } = new("postgres", "postgresql", "/usr/lib/postgresql/*/bin");

    public static InstalledProgram InitDb { get; } = new("initdb", "postgresql", "/usr/lib/postgresql/*/bin");

    public static InstalledProgram Psql { get; } = new("psql", "postgresql-client", "/usr/lib/postgresql/*/bin");

    public static InstalledProgram Scp { get; } = new("scp", "openssh-client");

    public static InstalledProgram SetPriv { get; } = new("setpriv", "util-linux");

    public static InstalledProgram Ssh { get; } = new("ssh", "openssh-client");

    public static InstalledProgram Sshd { get; } = new("sshd", "openssh-server");

    public static InstalledProgram SshKeygen { get; } = new("ssh-keygen", "openssh-client");

    public static InstalledProgram Stunnel { get; } = new("stunnel", "stunnel4");

    /// <summary>Full path, or null when it is not installed.</summary>
    public string? Find()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin", "/usr/local/sbin"])
            .Concat(ExtraFolders.SelectMany(Expand))
            .Select(folder => Path.Combine(folder, Name))
            .FirstOrDefault(File.Exists);

    public string Require() => Find() ?? throw new FileNotFoundException($"'{Name}' is not installed. On Debian: apt-get install {DebianPackage}.");

    /// <summary>One star, as a whole folder name; the highest version first.</summary>
    private static IEnumerable<string> Expand(string pattern)
    {
        var parts = pattern.Split("/*");
        return parts.Length == 1 ? [pattern]
            : !Directory.Exists(parts[0]) ? []
            : Directory.EnumerateDirectories(parts[0]).OrderDescending(StringComparer.Ordinal).Select(folder => folder + parts[1]);
    }
}
