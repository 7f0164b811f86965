internal import ContainerEngine
internal import GoTemplate
internal import OCISpec

/// What `version` and `info` show.
enum SystemDocument {
    /// `version` without a format.
    static var versionText: String {
        let rows = [
            ["Client:", "Swiftlet Engine"], ["Version:", Version.engine], ["API Version:", Version.engine],
            ["OS/Arch:", "linux/\(ImagePlatform.host.architecture)"],
        ]
        return TabWriter.columns(rows: rows)
    }

    /// `version --format`.
    static var version: Value {
        .structure(
            [
                .init(
                    "Client",
                    .structure([
                        .init("APIVersion", .string(Version.engine)), .init("Version", .string(Version.engine)),
                        .init("GoVersion", ""), .init("GitCommit", ""), .init("BuiltTime", ""), .init("Built", 0),
                        .init("OsArch", .string("linux/\(ImagePlatform.host.architecture)")), .init("Os", "linux"),
                    ]))
            ], typeName: "define.VersionReport")
    }

    /// `info`, with the parts of Podman's document that there are here.
    static func info(_ info: EngineInfo) -> Value {
        .structure(
            [
                .init("Host", json: "host", host(info)), .init("Store", json: "store", store(info)),
                .init("Registries", json: "registries", .map([])),
                .init(
                    "Plugins", json: "plugins",
                    .structure([
                        .init("Volume", json: "volume", .strings(["local"])),
                        .init("Network", json: "network", .strings(["bridge"])),
                        .init("Log", json: "log", .strings(["k8s-file"])),
                        .init("Authorization", json: "authorization", .null),
                    ])),
                .init("Version", json: "version", versionFields),
            ], typeName: "define.Info")
    }

    private static var versionFields: Value {
        .structure([
            .init("APIVersion", .string(Version.engine)), .init("Version", .string(Version.engine)),
            .init("OsArch", .string("linux/\(ImagePlatform.host.architecture)")), .init("Os", "linux"),
        ])
    }

    private static func host(_ info: EngineInfo) -> Value {
        func component(_ component: EngineInfo.Component?, name: Bool = false) -> Value {
            guard let component else { return .null }
            var fields: [Object.Field] = name ? [.init("Name", json: "name", .string(component.name))] : []
            fields += [
                .init("Path", json: "path", .string(component.path)),
                .init("Version", json: "version", .string(component.version)),
            ]
            return .structure(fields)
        }
        return .structure([
            .init("Arch", json: "arch", .string(ImagePlatform.host.architecture)),
            .init("CgroupManager", json: "cgroupManager", "cgroupfs"),
            .init("CGroupsVersion", json: "cgroupVersion", .string(info.cgroupVersion)),
            .init("Conmon", json: "conmon", component(info.monitor)),
            .init("CPUs", json: "cpus", .int(Int64(info.cpus))),
            .init("EventLogger", json: "eventLogger", "none"),
            .init("Hostname", json: "hostname", .string(info.hostname)),
            .init("Kernel", json: "kernel", .string(info.kernel)), .init("LogDriver", json: "logDriver", "k8s-file"),
            .init("MemFree", json: "memFree", .int(info.memoryFree)),
            .init("MemTotal", json: "memTotal", .int(info.memoryTotal)),
            .init("NetworkBackend", json: "networkBackend", "swiftlet"),
            .init("OCIRuntime", json: "ociRuntime", component(info.runtime, name: true)),
            .init("OS", json: "os", "linux"),
            .init(
                "Security", json: "security",
                .structure([
                    .init("Rootless", json: "rootless", false), .init("SECCOMPEnabled", json: "seccompEnabled", true),
                    .init("SECCOMPProfilePath", json: "seccompProfilePath", .string(info.seccompProfile)),
                ])),
            .init("Uptime", json: "uptime", .string(HumanText.duration(info.uptime))),
        ])
    }

    private static func store(_ info: EngineInfo) -> Value {
        .structure([
            .init(
                "ContainerStore", json: "containerStore",
                .structure([
                    .init("Number", json: "number", .int(Int64(info.containers.total))),
                    .init("Paused", json: "paused", 0),
                    .init("Running", json: "running", .int(Int64(info.containers.running))),
                    .init("Stopped", json: "stopped", .int(Int64(info.containers.total - info.containers.running))),
                ])),
            .init("GraphDriverName", json: "graphDriverName", "overlay"),
            .init("GraphRoot", json: "graphRoot", .string(info.paths.root)),
            .init(
                "ImageStore", json: "imageStore",
                .structure([.init("Number", json: "number", .int(Int64(info.images)))])),
            .init("RunRoot", json: "runRoot", .string(info.paths.runRoot)),
            .init("VolumePath", json: "volumePath", .string("\(info.paths.root)/volumes")),
        ])
    }

    /// Writes one document: through a template, as JSON, or, without a format, as indented names and values.
    static func render(_ document: Value, format: String?) throws {
        switch format {
        case "json"?: Output.line(document.json(indent: "  "))
        case let format?: Output.line(try Template(Rendering.unescaped(format)).render(document))
        case nil: Output.text(lines(document, indent: "").joined(separator: "\n"))
        }
    }

    /// The document as YAML, which is how Podman prints it.
    private static func lines(_ value: Value, indent: String) -> [String] {
        guard case .object(let object) = value else { return ["\(indent)\(value.json(indent: nil))"] }
        return object.fields.flatMap { field -> [String] in
            guard let name = field.jsonName else { return [] }
            switch field.value {
            case .object(let inner) where !inner.fields.isEmpty:
                return ["\(indent)\(name):"] + lines(field.value, indent: indent + "  ")
            case .string(let text) where !text.isEmpty && !text.contains(where: \.isNewline):
                return ["\(indent)\(name): \(text)"]
            default: return ["\(indent)\(name): \(field.value.json(indent: nil))"]
            }
        }
    }
}
