internal import ContainerEngine
internal import GoTemplate
internal import OCISpec

/// What `version` and `info` show.
enum SystemDocument {
    private static let platform = "linux/\(ImagePlatform.host.architecture)"

    /// `version` without a format.
    static var versionText: String {
        let rows = [
            ["Client:", "Swiftlet Engine"], ["Version:", Version.engine], ["API Version:", Version.api],
            ["OS/Arch:", platform],
        ]
        return TabWriter.columns(rows: rows)
    }

    /// `version --format`. There is no service: templates that ask for the server get the same answer, as in Podman.
    static var version: Value {
        let client = Value.structure(versionFields(shown: true), typeName: "define.Version")
        return .structure(
            [.init("Client", client), .init("Server", json: nil, client)] + versionFields(shown: false),
            typeName: "define.VersionReport")
    }

    private static func versionFields(shown: Bool) -> [Object.Field] {
        let fields: [(String, Value)] = [
            ("APIVersion", .string(Version.api)), ("Version", .string(Version.engine)), ("GoVersion", ""),
            ("GitCommit", ""), ("BuiltTime", ""), ("Built", 0), ("OsArch", .string(platform)), ("Os", "linux"),
        ]
        return fields.map { .init($0.0, json: shown ? $0.0 : nil, $0.1) }
    }

    /// `info`: Podman's document.
    static func info(_ info: EngineInfo) -> Value {
        .structure(
            [
                .init("Host", json: "host", .structure(HostDocument(info).fields, typeName: "define.HostInfo")),
                .init("Store", json: "store", store(info)), .init("Registries", json: "registries", .map([])),
                .init(
                    "Plugins", json: "plugins",
                    .structure([
                        .init("Volume", json: "volume", .strings(["local"])),
                        .init("Network", json: "network", .strings(["bridge", "macvlan", "ipvlan"])),
                        .init("Log", json: "log", .strings(["k8s-file"])),
                        .init("Authorization", json: "authorization", .nilSlice),
                    ])),
                .init("Version", json: "version", .structure(versionFields(shown: true), typeName: "define.Version")),
            ], typeName: "define.Info")
    }

    private static func store(_ info: EngineInfo) -> Value {
        let host = info.host
        return .structure(
            [
                .init("ConfigFile", json: "configFile", ""),
                .init(
                    "ContainerStore", json: "containerStore",
                    .structure([
                        .init("Number", json: "number", .int(Int64(info.containers.total))),
                        .init("Paused", json: "paused", 0),
                        .init("Running", json: "running", .int(Int64(info.containers.running))),
                        .init("Stopped", json: "stopped", .int(Int64(info.containers.total - info.containers.running))),
                    ])),
                .init("GraphDriverName", json: "graphDriverName", "overlay"),
                .init("GraphOptions", json: "graphOptions", .map([])),
                .init("GraphRoot", json: "graphRoot", .string(info.paths.root)),
                .computed("GraphRootAllocated", json: "graphRootAllocated") { .int(host.space.total) },
                .computed("GraphRootUsed", json: "graphRootUsed") { .int(host.space.used) },
                .computed("GraphStatus", json: "graphStatus") {
                    .map([
                        ("Backing Filesystem", .string(host.backingFileSystem)), ("Native Overlay Diff", "true"),
                        ("Supports d_type", "true"), ("Using metacopy", "false"),
                    ])
                },
                .init("ImageCopyTmpDir", json: "imageCopyTmpDir", .string("\(info.paths.root)/tmp")),
                .init(
                    "ImageStore", json: "imageStore",
                    .structure([.init("Number", json: "number", .int(Int64(info.images)))])),
                .init("RunRoot", json: "runRoot", .string(info.paths.runRoot)),
                .init("VolumePath", json: "volumePath", .string("\(info.paths.root)/volumes")),
            ], typeName: "define.StoreInfo")
    }

    /// Writes one document: through a template, as JSON, or, without a format, as YAML, as Podman does.
    static func render(_ document: Value, format: String?, indent: String? = "  ") throws {
        guard let format, !format.isEmpty else { return Output.text(YAMLText.text(document)) }
        if Rendering.isJSON(format) { return Output.line(document.json(indent: indent)) }
        try Rendering.documents([document], format: format)
    }
}
