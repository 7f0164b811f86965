internal import LinuxSys

/// The tables of both databases. A change of either adds a step at the end of its list; none is ever edited.
enum Schema {
    /// `state.sqlite`: what must last.
    ///
    /// `owner` is who is changing the row right now (`ProcessIdentity`, as text); NULL when nobody is. The partial
    /// indexes make the question "is there an orphan?" cost nothing when there is none.
    static let persistent = [
        """
        CREATE TABLE images (
            id TEXT PRIMARY KEY, manifest BLOB NOT NULL, manifest_digest TEXT NOT NULL, config BLOB NOT NULL,
            size INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE image_names (
            name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images(id)) WITHOUT ROWID;
        CREATE INDEX image_names_by_image ON image_names(image);
        CREATE TABLE image_layers (
            image TEXT NOT NULL REFERENCES images(id), position INTEGER NOT NULL, diff_id TEXT NOT NULL,
            PRIMARY KEY (image, position)) WITHOUT ROWID;
        CREATE INDEX image_layers_by_diff ON image_layers(diff_id);
        CREATE TABLE store_changes (id INTEGER PRIMARY KEY, owner TEXT NOT NULL);
        CREATE TABLE containers (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, image TEXT REFERENCES images(id), state TEXT NOT NULL,
            owner TEXT, created INTEGER NOT NULL, started INTEGER, finished INTEGER, exit_code INTEGER,
            spec BLOB NOT NULL) WITHOUT ROWID;
        CREATE INDEX containers_owned ON containers(owner) WHERE owner IS NOT NULL;
        CREATE INDEX containers_by_image ON containers(image);
        CREATE TABLE volumes (
            name TEXT PRIMARY KEY, created INTEGER NOT NULL, anonymous INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE container_volumes (
            container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
            volume TEXT NOT NULL REFERENCES volumes(name), PRIMARY KEY (container, volume)) WITHOUT ROWID;
        CREATE INDEX container_volumes_by_volume ON container_volumes(volume);
        """,
        // Which containers are on a network, and addresses that nobody else gets: of a container, or a person's wish.
        """
        CREATE TABLE container_networks (
            container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE, network TEXT NOT NULL,
            PRIMARY KEY (container, network)) WITHOUT ROWID;
        CREATE INDEX container_networks_by_network ON container_networks(network);
        INSERT INTO container_networks
            SELECT c.id, n.value FROM containers c, json_each(CAST(c.spec AS TEXT), '$.network.bridge._0') n;
        CREATE TABLE reserved_addresses (
            network TEXT NOT NULL, prefix TEXT NOT NULL, container TEXT REFERENCES containers(id) ON DELETE CASCADE,
            since INTEGER NOT NULL, PRIMARY KEY (network, prefix)) WITHOUT ROWID;
        CREATE INDEX reserved_addresses_by_container ON reserved_addresses(container);
        """,
        // What lists of images show and what images are looked up by: no document is decoded for either. `made` is when
        // the image says it was made, in nanoseconds since 1970; a time that is too far away for that is none.
        """
        ALTER TABLE images ADD COLUMN made INTEGER;
        UPDATE images SET made = (
            SELECT CASE typeof(t.at) WHEN 'integer' THEN t.at END FROM (
                SELECT strftime('%s', substr(c.at, 1, 19)
                        || CASE WHEN substr(c.at, -1) IN ('Z', 'z') THEN '' ELSE substr(c.at, -6) END) * 1000000000
                    + CAST(round(CAST('0' || substr(c.at, 20) AS REAL) * 1e9) AS INTEGER) AS at
                FROM (SELECT json_extract(CAST(config AS TEXT), '$.created') AS at) c) t)
            WHERE json_valid(CAST(config AS TEXT));
        CREATE INDEX images_by_age ON images(made DESC, id DESC, manifest_digest, size);
        CREATE INDEX images_by_manifest ON images(manifest_digest);
        CREATE TABLE image_labels (
            image TEXT NOT NULL REFERENCES images(id), name TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (image, name)) WITHOUT ROWID;
        INSERT OR REPLACE INTO image_labels
            SELECT i.id, l.key, l.value FROM images i, json_each(CAST(i.config AS TEXT), '$.config.Labels') l
            WHERE json_valid(CAST(i.config AS TEXT)) AND l.type = 'text';
        ALTER TABLE image_names ADD COLUMN last TEXT
            AS (substr(name, length(rtrim(name, replace(name, '/', ''))) + 1)) VIRTUAL;
        ALTER TABLE image_names ADD COLUMN digest TEXT
            AS (CASE WHEN instr(name, '@') THEN substr(name, instr(name, '@') + 1) END) VIRTUAL;
        CREATE INDEX image_names_by_last ON image_names(last);
        CREATE INDEX image_names_by_digest ON image_names(digest) WHERE digest IS NOT NULL;
        """,
        // Which container cannot be without which other one: it lives in a namespace of the other's.
        """
        CREATE TABLE container_dependencies (
            container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
            dependency TEXT NOT NULL REFERENCES containers(id), PRIMARY KEY (container, dependency)) WITHOUT ROWID;
        CREATE INDEX container_dependencies_by_dependency ON container_dependencies(dependency);
        INSERT INTO container_dependencies
            SELECT c.id, d.id FROM containers c
            JOIN containers d ON d.id = json_extract(CAST(c.spec AS TEXT), '$.network.container._0');
        CREATE TABLE chosen_ports (
            protocol TEXT NOT NULL, port INTEGER NOT NULL,
            container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE,
            PRIMARY KEY (protocol, port)) WITHOUT ROWID;
        CREATE INDEX chosen_ports_by_container ON chosen_ports(container);
        -- How often its restart policy has started it since a person did.
        ALTER TABLE containers ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
        """,
        // Labels of volumes, as an object of JSON.
        "ALTER TABLE volumes ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';",
        // All names that an image has or had here, the oldest first.
        """
        CREATE TABLE past_image_names (
            sequence INTEGER PRIMARY KEY, image TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (image, name));
        INSERT INTO past_image_names (image, name)
            SELECT image, name FROM image_names WHERE instr(name, '@') = 0 ORDER BY name DESC;
        """,
    ]

    /// `run.sqlite`, attached as `run`: what a reboot ends. The file is stamped with the boot it belongs to.
    static let volatile = [
        """
        CREATE TABLE run.boot (id TEXT NOT NULL);
        CREATE TABLE run.runs (
            container TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT, netns TEXT, init TEXT, monitor TEXT) WITHOUT ROWID;
        CREATE INDEX run.runs_owned ON runs(owner) WHERE owner IS NOT NULL;
        CREATE TABLE run.attachments (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, container TEXT NOT NULL, network TEXT NOT NULL,
            state TEXT NOT NULL, record BLOB NOT NULL, mac TEXT, UNIQUE (container, network));
        CREATE TABLE run.leases (
            network TEXT NOT NULL, address TEXT NOT NULL, subnet TEXT NOT NULL, container TEXT NOT NULL,
            since INTEGER NOT NULL, PRIMARY KEY (network, address)) WITHOUT ROWID;
        CREATE INDEX run.leases_by_container ON leases(container);
        CREATE TABLE run.last_addresses (
            network TEXT NOT NULL, subnet TEXT NOT NULL, address TEXT NOT NULL,
            PRIMARY KEY (network, subnet)) WITHOUT ROWID;
        CREATE TABLE run.ports (
            container TEXT NOT NULL, position INTEGER NOT NULL, protocol TEXT NOT NULL, host_ip TEXT NOT NULL,
            host_port INTEGER NOT NULL, count INTEGER NOT NULL, container_port INTEGER NOT NULL,
            PRIMARY KEY (container, position)) WITHOUT ROWID;
        CREATE INDEX run.ports_by_number ON ports(protocol, host_port);
        CREATE TABLE run.exit_codes (container TEXT PRIMARY KEY, code INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
        """,
        // Lists have commas between.
        """
        ALTER TABLE run.attachments ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
        ALTER TABLE run.attachments ADD COLUMN names TEXT NOT NULL DEFAULT '';
        ALTER TABLE run.attachments ADD COLUMN servers TEXT NOT NULL DEFAULT '';
        CREATE TABLE run.attached_networks (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
        """,
        // What holds for all attached containers together, such as the port of the name server.
        "CREATE TABLE run.settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
        // Whether a person has ended the run, so that no restart policy begins another.
        "ALTER TABLE run.runs ADD COLUMN halted INTEGER NOT NULL DEFAULT 0;",
    ]

    /// Brings one database up to its newest version, in one transaction; `name` is `main` or `run`.
    static func migrate(_ database: Database, _ name: String, _ steps: [String]) throws {
        func version() throws -> Int {
            Int(try database.query("PRAGMA \(name).user_version").first?.integer(0) ?? 0)
        }
        if try version() == steps.count { return }
        try database.transaction {
            let current = try version()
            guard current <= steps.count else {
                throw EngineError(
                    "the state database is of a newer swiftlet (version \(current), this one knows \(steps.count)): "
                        + "install that version, or move the data directory away")
            }
            for step in steps[current...] { try database.execute(step) }
            try database.execute("PRAGMA \(name).user_version = \(steps.count)")
        }
    }
}
