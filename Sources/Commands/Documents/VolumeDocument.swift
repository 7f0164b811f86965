internal import ContainerEngine
internal import GoTemplate

/// Volumes as `inspect` and the volume commands show them.
enum VolumeDocument {
    /// The document of `volume inspect`, with Podman's fields.
    static func value(_ volume: VolumeRecord) -> Value {
        .structure(
            [
                .init("Name", .string(volume.name)), .init("Driver", "local"),
                .init("Mountpoint", .string(volume.path)),
                .init("CreatedAt", GoTime(nanoseconds: volume.created).value),
                .init("Labels", .map(volume.labels.map { ($0.key, .string($0.value)) })),
                .init("Scope", "local"), .init("Options", .map([])),
                .init("Anonymous", json: "Anonymous", omitEmpty: true, .bool(volume.isAnonymous)),
                .init("MountCount", 0),
            ], typeName: "define.InspectVolumeData")
    }
}
