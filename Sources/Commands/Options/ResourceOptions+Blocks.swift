internal import ContainerEngine

extension ResourceOptions {
    /// What may go to and come from block devices; nil if nothing was asked for.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a value that makes no sense.
    func blockLimits() throws -> BlockLimits? {
        func devices(_ values: [String], _ kind: DeviceLimit.Kind) throws -> [DeviceLimit] {
            try values.flatMap { $0.split(separator: ",") }.map { try DeviceLimit(String($0), kind) }
        }
        var limits = BlockLimits()
        if let blkioWeight {
            guard let weight = UInt16(blkioWeight) else {
                throw EngineError(
                    "invalid value for blkio-weight: strconv.ParseUint: parsing \"\(blkioWeight)\": invalid syntax")
            }
            guard (10...1000).contains(weight) else { throw EngineError("range of blkio weight is from 10 to 1000") }
            limits.weight = weight
        }
        limits.weights = try devices(blkioWeightDevice, .weight)
        limits.readBytes = try devices(deviceReadBps, .bytes)
        limits.writtenBytes = try devices(deviceWriteBps, .bytes)
        limits.reads = try devices(deviceReadIops, .operations)
        limits.writes = try devices(deviceWriteIops, .operations)
        return limits == BlockLimits() ? nil : limits
    }
}
