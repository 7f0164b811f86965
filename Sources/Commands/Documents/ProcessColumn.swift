internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// A column of `top`: the AIX format descriptors of ps(1), and Podman's own.
struct ProcessColumn: Sendable {
    /// What is asked for by: `pid`.
    var name: String
    /// ps' short form: `%p`; empty for Podman's own.
    var code: String
    /// What stands above it.
    var header: String
    /// What it shows of a process.
    var text: @Sendable (ContainerProcess, ContainerProcesses) -> String

    /// What is shown when nothing is asked for.
    static let usual = ["user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"]

    /// The columns that words ask for, which may have commas between them; nil if one asks for none that there is.
    static func columns(_ words: [String]) -> [ProcessColumn]? {
        let names = words.flatMap { $0.split(separator: ",").map(String.init) }
        let found = (names.isEmpty ? usual : names).map { name in
            all.first { $0.name == name || !$0.code.isEmpty && $0.code == name }
        }
        return found.contains { $0 == nil } ? nil : found.compactMap(\.self)
    }

    /// Every column, in the order of their names.
    static let all: [ProcessColumn] =
        [
            .init(name: "args", code: "%a", header: "COMMAND") { process, _ in
                // As in Podman, a space follows each of them.
                process.arguments.isEmpty ? "[\(process.name)]" : process.arguments.map { $0 + " " }.joined()
            },
            .init(name: "comm", code: "%c", header: "COMMAND") { process, _ in process.name },
            .init(name: "etime", code: "%t", header: "ELAPSED") { process, _ in
                HumanText.goDuration(Clock.now - process.started)
            },
            .init(name: "hpid", code: "", header: "HPID") { process, _ in "\(process.hostPID)" },
            .init(name: "label", code: "", header: "LABEL") { process, _ in
                process.label.flatMap { $0.isEmpty ? nil : $0 } ?? "?"
            },
            .init(name: "nice", code: "%n", header: "NI") { process, _ in "\(process.nice)" },
            .init(name: "pcpu", code: "%C", header: "%CPU") { process, _ in
                let elapsed = Clock.now - process.started
                return thousandths(elapsed > 0 ? process.processorTime * 100_000 / elapsed : 0)
            },
            .init(name: "pgid", code: "%r", header: "PGID") { process, _ in "\(process.group)" },
            .init(name: "pid", code: "%p", header: "PID") { process, _ in "\(process.pid)" },
            .init(name: "ppid", code: "%P", header: "PPID") { process, _ in "\(process.parent)" },
            .init(name: "rss", code: "", header: "RSS") { process, _ in "\(process.residentSize / 1024)" },
            .init(name: "seccomp", code: "", header: "SECCOMP") { process, _ in process.seccomp },
            .init(name: "state", code: "", header: "STATE") { process, _ in process.state },
            .init(name: "stime", code: "", header: "STIME") { process, _ in
                GoTime(nanoseconds: process.started).description
            },
            .init(name: "time", code: "%x", header: "TIME") { process, _ in
                HumanText.goDuration(process.processorTime)
            },
            .init(name: "tty", code: "%y", header: "TTY") { process, _ in process.terminal ?? "?" },
            .init(name: "vsz", code: "%z", header: "VSZ") { process, _ in "\(process.virtualSize / 1024)" },
        ] + capabilities + accounts

    private static let capabilities: [ProcessColumn] = [
        ("capamb", "AMBIENT CAPS", "Amb"), ("capbnd", "BOUNDING CAPS", "Bnd"), ("capeff", "EFFECTIVE CAPS", "Eff"),
        ("capinh", "INHERITED CAPS", "Inh"), ("capprm", "PERMITTED CAPS", "Prm"),
    ].map { name, header, key in
        .init(name: name, code: "", header: header) { process, all in
            let set = process.capabilities[key] ?? []
            return set.isEmpty
                ? "none" : set == all.allCapabilities ? "full" : set.sorted().joined(separator: ",")
        }
    }

    private static let accounts: [ProcessColumn] = [
        .init(name: "user", code: "%U", header: "USER") { name(of: $0.users[1], in: $1.users) },
        .init(name: "ruser", code: "%u", header: "RUSER") { name(of: $0.users[0], in: $1.users) },
        .init(name: "huser", code: "", header: "HUSER") { name(of: $0.users[1], in: $1.hostUsers) },
        .init(name: "group", code: "%G", header: "GROUP") { name(of: $0.groups[1], in: $1.groups) },
        .init(name: "rgroup", code: "%g", header: "RGROUP") { name(of: $0.groups[0], in: $1.groups) },
        .init(name: "hgroup", code: "", header: "HGROUP") { name(of: $0.groups[1], in: $1.hostGroups) },
        .init(name: "groups", code: "", header: "GROUPS") { process, all in
            process.additionalGroups.map { name(of: $0, in: all.groups) }.joined(separator: ",")
        },
        .init(name: "hgroups", code: "", header: "HGROUPS") { process, all in
            process.additionalGroups.map { name(of: $0, in: all.hostGroups) }.joined(separator: ",")
        },
    ]

    private static func name(of number: UInt32, in names: [UInt32: String]) -> String { names[number] ?? "\(number)" }

    /// `0.125` of 125.
    private static func thousandths(_ value: Int64) -> String {
        let fraction = String(value % 1000)
        return "\(value / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
