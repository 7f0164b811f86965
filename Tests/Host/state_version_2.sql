-- The tables of state.sqlite as version 2 made them, kept for the test of the way up from there. Never edited.
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
CREATE TABLE container_networks (
    container TEXT NOT NULL REFERENCES containers(id) ON DELETE CASCADE, network TEXT NOT NULL,
    PRIMARY KEY (container, network)) WITHOUT ROWID;
CREATE INDEX container_networks_by_network ON container_networks(network);
CREATE TABLE reserved_addresses (
    network TEXT NOT NULL, prefix TEXT NOT NULL, container TEXT REFERENCES containers(id) ON DELETE CASCADE,
    since INTEGER NOT NULL, PRIMARY KEY (network, prefix)) WITHOUT ROWID;
CREATE INDEX reserved_addresses_by_container ON reserved_addresses(container);
PRAGMA user_version = 2;
