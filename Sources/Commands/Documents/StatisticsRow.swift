internal import ContainerEngine
internal import GoTemplate

/// What `stats` shows of a container: the fields of Podman's templates and JSON.
struct StatisticsRow {
    private let record: ContainerRecord
    private let now: ContainerStatistics
    private let load: Double
    private let id: String

    /// - Parameters:
    ///   - record: the container.
    ///   - now: what it has taken until now.
    ///   - earlier: what it had taken when it was last looked at.
    ///   - truncated: whether the id is cut to its beginning.
    init(_ record: ContainerRecord, _ now: ContainerStatistics, since earlier: ContainerStatistics?, truncated: Bool) {
        self.record = record
        self.now = now
        load = now.load(since: earlier)
        id = truncated ? String(record.id.prefix(12)) : record.id
    }

    private static func pair(_ first: Int64, _ second: Int64) -> String {
        "\(HumanText.exactSize(first)) / \(HumanText.exactSize(second))"
    }

    private static func percent(_ part: Double) -> String {
        let hundredths = Int64((max(0, part) * 10_000).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)%"
    }

    private var texts: (cpu: String, average: String, memory: String, memoryPart: String, network: String, disk: String)
    {
        let part = now.memoryLimit > 0 ? Double(now.memory) / Double(now.memoryLimit) : 0
        return (
            Self.percent(load), Self.percent(now.load), Self.pair(now.memory, now.memoryLimit), Self.percent(part),
            Self.pair(now.received, now.sent), Self.pair(now.read, now.written)
        )
    }

    /// What templates see.
    var value: Value {
        let texts = texts
        let time = HumanText.goDuration(now.processorTime)
        return .structure(
            [
                .init("ID", .string(id)), .init("ContainerID", .string(record.id)),
                .init("Name", .string(record.spec.name)), .init("CPUPerc", .string(texts.cpu)),
                .init("MemUsage", .string(texts.memory)),
                .init(
                    "MemUsageBytes",
                    .string("\(HumanText.binarySize(now.memory)) / \(HumanText.binarySize(now.memoryLimit))")),
                .init("MemPerc", .string(texts.memoryPart)), .init("NetIO", .string(texts.network)),
                .init("BlockIO", .string(texts.disk)), .init("PIDS", .string("\(now.processes)")),
                .init("UpTime", .string(time)), .init("Up", .string(time)), .init("AVGCPU", .string(texts.average)),
                .init("CPUNano", .int(now.processorTime)), .init("MemLimit", .int(now.memoryLimit)),
                .init("NetInput", .int(now.received)), .init("NetOutput", .int(now.sent)),
                .init("BlockInput", .int(now.read)), .init("BlockOutput", .int(now.written)),
                .init("SystemNano", .int(now.time)), .init("Duration", .int(now.processorTime)),
            ], typeName: "containers.containerStats")
    }

    /// What `--format json` prints.
    var json: Value {
        let texts = texts
        return .structure([
            .init("id", .string(id)), .init("name", .string(record.spec.name)),
            .init("cpu_time", .string(HumanText.goDuration(now.processorTime))),
            .init("cpu_percent", .string(texts.cpu)), .init("avg_cpu", .string(texts.average)),
            .init("mem_usage", .string(texts.memory)), .init("mem_percent", .string(texts.memoryPart)),
            .init("net_io", .string(texts.network)), .init("block_io", .string(texts.disk)),
            .init("pids", .string("\(now.processes)")),
        ])
    }
}
