using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store.Database;

internal sealed class ControlDbContext(DbContextOptions<ControlDbContext> options) : DbContext(options)
{
    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();

    public DbSet<ConnectorRow> Connectors => Set<ConnectorRow>();

    public DbSet<ConnectorTokenRow> ConnectorTokens => Set<ConnectorTokenRow>();

    public DbSet<SocketRow> Sockets => Set<SocketRow>();

    public DbSet<SocketConnectorRow> SocketConnectors => Set<SocketConnectorRow>();

    public DbSet<PluginRow> Plugins => Set<PluginRow>();

    public DbSet<DiscoveredResourceRow> DiscoveredResources => Set<DiscoveredResourceRow>();

    public DbSet<DiscoveredChangeRow> DiscoveredChanges => Set<DiscoveredChangeRow>();

    public DbSet<DiscoveryScanRow> DiscoveryScans => Set<DiscoveryScanRow>();

    public DbSet<ConnectorLogRow> ConnectorLogs => Set<ConnectorLogRow>();

    public DbSet<LogSequenceRow> LogSequences => Set<LogSequenceRow>();

    public DbSet<SessionRow> Sessions => Set<SessionRow>();

    public DbSet<EpochRow> Epochs => Set<EpochRow>();

    public DbSet<ConnectorGroupRow> ConnectorGroups => Set<ConnectorGroupRow>();

    public DbSet<EdgeRow> Edges => Set<EdgeRow>();

    public DbSet<MetaRow> Meta => Set<MetaRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<OrganizationRow>(row => row.ToTable("organization").HasKey(organization => organization.Id));
        modelBuilder.Entity<ConnectorRow>(row =>
        {
            row.ToTable("connectors").HasKey(connector => connector.Id);
            row.HasIndex(connector => connector.Name).IsUnique();
        });
        modelBuilder.Entity<ConnectorTokenRow>(row =>
        {
            row.ToTable("connector_tokens").HasKey(token => token.Id);
            row.HasIndex(token => token.RevokedAt);
            row.HasOne<ConnectorRow>().WithMany().HasForeignKey(token => token.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<SocketRow>(row =>
        {
            row.ToTable("sockets").HasKey(socket => socket.Id);
            row.HasIndex(socket => socket.Name).IsUnique();
            row.HasIndex(socket => socket.EdgePort).IsUnique();
            row.HasMany(socket => socket.Connectors).WithOne().HasForeignKey(link => link.SocketId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<SocketConnectorRow>(row =>
        {
            row.ToTable("socket_connectors").HasKey(link => link.Id);
            row.HasIndex(link => new { link.SocketId, link.ConnectorId }).IsUnique();
            row.HasOne(link => link.Connector).WithMany().HasForeignKey(link => link.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<PluginRow>(row =>
        {
            row.ToTable("plugins").HasKey(plugin => plugin.Id);
            row.HasOne<ConnectorRow>().WithMany().HasForeignKey(plugin => plugin.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DiscoveredResourceRow>(row =>
        {
            row.ToTable("discovered_resources").HasKey(resource => resource.Id);
            row.HasIndex(resource => new { resource.PluginId, resource.DiscoveryId, resource.Identity }).IsUnique();
            row.HasOne<PluginRow>().WithMany().HasForeignKey(resource => resource.PluginId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DiscoveredChangeRow>(row =>
        {
            row.ToTable("discovered_changes").HasKey(change => change.Id);
            row.HasIndex(change => new { change.PluginId, change.Id });
            row.HasIndex(change => new { change.ResourceId, change.Id });
            row.HasOne<PluginRow>().WithMany().HasForeignKey(change => change.PluginId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DiscoveryScanRow>(row =>
        {
            row.ToTable("discovery_scans").HasKey(scan => new { scan.PluginId, scan.DiscoveryId });
            row.HasOne<PluginRow>().WithMany().HasForeignKey(scan => scan.PluginId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<ConnectorLogRow>(row =>
        {
            row.ToTable("connector_logs").HasKey(log => log.Id);
            row.HasIndex(log => new { log.ConnectorId, log.Id });
            row.HasIndex(log => new { log.ConnectorId, log.SocketId, log.Id });
            row.HasIndex(log => new { log.ConnectorId, log.Severity, log.Id });
            row.HasOne<ConnectorRow>().WithMany().HasForeignKey(log => log.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<LogSequenceRow>(row =>
        {
            row.ToTable("log_sequences").HasKey(last => new { last.ConnectorId, last.ReplicaId, last.BootId });
            row.HasOne<ConnectorRow>().WithMany().HasForeignKey(last => last.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<SessionRow>(row =>
        {
            row.ToTable("sessions").HasKey(session => session.Id);
            row.HasIndex(session => new { session.ConnectorId, session.Id });
            row.HasIndex(session => new { session.SocketId, session.Id });
            row.HasIndex(session => new { session.ClientAddress, session.Id });
            row.HasIndex(session => session.EndedAt);
            row.HasOne<ConnectorRow>().WithMany().HasForeignKey(session => session.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<EpochRow>(row =>
        {
            row.ToTable("epochs").HasKey(epoch => epoch.ConnectorId);
            row.HasOne<ConnectorRow>().WithOne().HasForeignKey<EpochRow>(epoch => epoch.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<ConnectorGroupRow>(row =>
        {
            row.ToTable("connector_groups").HasKey(group => group.ConnectorId);
            row.HasOne<ConnectorRow>().WithOne().HasForeignKey<ConnectorGroupRow>(group => group.ConnectorId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<EdgeRow>(row =>
        {
            row.ToTable("edges").HasKey(edge => edge.Id);
            row.HasIndex(edge => edge.Name).IsUnique();
        });
        modelBuilder.Entity<MetaRow>(row => row.ToTable("meta").HasKey(meta => meta.Key));

        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }
}
