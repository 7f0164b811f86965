internal import ArgumentParser
internal import ContainerEngine

/// The options of `run` and `create` that say how much a container may use.
struct ResourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("m", allowingJoined: true), .long],
        help: ArgumentHelp("Memory: a number and b, k, m or g.", valueName: "size"))
    var memory: String?

    @Option(name: .long, help: ArgumentHelp("Memory and swap together; -1 for no limit.", valueName: "size"))
    var memorySwap: String?

    @Option(name: .long, help: ArgumentHelp("What is kept to when memory is short.", valueName: "size"))
    var memoryReservation: String?

    @Option(name: .long, help: ArgumentHelp("Processors, such as 0.5.", valueName: "number"))
    var cpus: Double?

    @Option(
        name: [.customShort("c", allowingJoined: true), .long],
        help: ArgumentHelp("Weight among containers.", valueName: "number"))
    var cpuShares: UInt64?

    @Option(name: .long, help: ArgumentHelp("Microseconds of each period.", valueName: "number"))
    var cpuQuota: Int64?

    @Option(name: .long, help: ArgumentHelp("Microseconds of a period.", valueName: "number"))
    var cpuPeriod: UInt64?

    @Option(name: .long, help: ArgumentHelp("Which processors: 0-2,4.", valueName: "list"))
    var cpusetCpus: String?

    @Option(name: .long, help: ArgumentHelp("Which memory nodes.", valueName: "list"))
    var cpusetMems: String?

    @Option(name: .long, help: ArgumentHelp("Processes at most; none is 0 or -1.", valueName: "number"))
    var pidsLimit: Int64?

    @Option(name: .long, help: ArgumentHelp("Limit of the kernel: NAME=SOFT[:HARD].", valueName: "limit"))
    var ulimit: [String] = []

    @Option(name: .long, help: ArgumentHelp("Who goes first when memory is gone, -1000 to 1000.", valueName: "number"))
    var oomScoreAdj: Int64?

    @Option(name: .long, help: ArgumentHelp("Microseconds of a period of real-time processes.", valueName: "number"))
    var cpuRtPeriod: UInt64?

    @Option(
        name: .long, help: ArgumentHelp("Microseconds of each period for real-time processes.", valueName: "number"))
    var cpuRtRuntime: Int64?

    @Option(name: .long, help: ArgumentHelp("How readily to swap, 0 to 100; -1 as the host.", valueName: "number"))
    var memorySwappiness: Int64?

    @Flag(name: .long, help: "Let processes wait for memory where none is left, in place of killing one.")
    var oomKillDisable = false

    @Option(name: .long, help: ArgumentHelp("Weight at block devices, 10 to 1000.", valueName: "number"))
    var blkioWeight: String?

    @Option(name: .long, help: ArgumentHelp("Weight at one block device.", valueName: "path:number"))
    var blkioWeightDevice: [String] = []

    @Option(name: .long, help: ArgumentHelp("Bytes a second from a block device.", valueName: "path:size"))
    var deviceReadBps: [String] = []

    @Option(name: .long, help: ArgumentHelp("Bytes a second to a block device.", valueName: "path:size"))
    var deviceWriteBps: [String] = []

    @Option(name: .long, help: ArgumentHelp("Reads a second from a block device.", valueName: "path:number"))
    var deviceReadIops: [String] = []

    @Option(name: .long, help: ArgumentHelp("Writes a second to a block device.", valueName: "path:number"))
    var deviceWriteIops: [String] = []

    @Option(name: .long, help: ArgumentHelp("Size of /dev/shm.", valueName: "size"))
    var shmSize: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Seconds that it may run before it is killed; 0 for ever.", valueName: "seconds")
    )
    var timeout: UInt64?

    /// Writes what was asked for into a request.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a value that makes no sense.
    func apply(to request: inout CreateRequest) throws {
        func size(_ text: String?, _ name: String) throws -> Int64? {
            guard let text else { return nil }
            do { return try ByteSize.parse(text) } catch let error as EngineError {
                throw EngineError("\(name): \(error.message)")
            }
        }
        request.settings.memory = try size(memory, "invalid value for memory")
        request.settings.memorySwap = try memorySwap == "-1" ? -1 : size(memorySwap, "invalid value for memory")
        request.settings.memoryReservation = try size(memoryReservation, "invalid value for memory reservation")
        request.settings.sharedMemorySize = try size(shmSize, "unable to translate --shm-size")
        (request.settings.cpuShares, request.settings.cpuQuota) = (cpuShares, cpuQuota)
        request.settings.cpuPeriod = cpuPeriod
        if let cpus {
            if cpuPeriod != nil { throw EngineError("--cpu-period and --cpus cannot be set together") }
            if cpuQuota != nil { throw EngineError("--cpu-quota and --cpus cannot be set together") }
            guard cpus.isFinite, cpus >= 0, cpus < 1e6 else { throw EngineError("invalid value for cpus: \(cpus)") }
            // The kernel takes no quota under a millisecond.
            (request.settings.cpuPeriod, request.settings.cpuQuota) = (100_000, Int64(cpus * 100_000))
            if cpus == 0 { (request.settings.cpuPeriod, request.settings.cpuQuota) = (nil, nil) }
        }
        (request.settings.processors, request.settings.memoryNodes) = (cpusetCpus, cpusetMems)
        request.pidsLimit = pidsLimit
        request.ulimits = ulimit
        if let oomScoreAdj, !(-1000...1000).contains(oomScoreAdj) {
            throw EngineError("invalid value for oom-score-adj: \(oomScoreAdj)")
        }
        request.settings.oomScoreAdjustment = oomScoreAdj.map { Int($0) }
        request.settings.realtimePeriod = cpuRtPeriod == 0 ? nil : cpuRtPeriod
        request.settings.realtimeRuntime = cpuRtRuntime == 0 ? nil : cpuRtRuntime
        if let memorySwappiness, memorySwappiness > 100 {
            throw EngineError("invalid value: \(memorySwappiness), valid memory swappiness range is 0-100")
        }
        // Less than 0 is none, as in Podman.
        request.settings.swappiness = memorySwappiness.flatMap(UInt64.init(exactly:))
        request.settings.waitsForMemory = oomKillDisable ? true : nil
        request.settings.blockLimits = try blockLimits()
        request.settings.secondsToRun = timeout == 0 ? nil : timeout
    }
}
