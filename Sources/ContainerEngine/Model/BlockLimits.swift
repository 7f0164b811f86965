internal import ContainerRuntime
internal import LinuxSys
internal import OCISpec

/// What may go to and come from block devices: `--blkio-weight`, `--device-read-bps` and the like.
public struct BlockLimits: Codable, Sendable, Hashable {
    /// `--blkio-weight`: 10 to 1000.
    public var weight: UInt16?
    /// `--blkio-weight-device`.
    public var weights: [DeviceLimit] = []
    /// `--device-read-bps`: bytes a second.
    public var readBytes: [DeviceLimit] = []
    /// `--device-write-bps`: bytes a second.
    public var writtenBytes: [DeviceLimit] = []
    /// `--device-read-iops`: operations a second.
    public var reads: [DeviceLimit] = []
    /// `--device-write-iops`: operations a second.
    public var writes: [DeviceLimit] = []

    /// No limit.
    public init() {}

    /// - Throws: `EngineError`, in Podman's words, for a device that is not there.
    func check() throws {
        for device in weights where !File.exists(device.path) {
            throw EngineError("failed to inspect '\(device.path)' in --blkio-weight-device: no such file or directory")
        }
        for device in readBytes + writtenBytes + reads + writes where !File.exists(device.path) {
            throw EngineError("could not parse throttle device at \(device.path): no such file or directory")
        }
    }

    /// The limits in the runtime's words, with the numbers that the devices have now.
    ///
    /// - Throws: `EngineError` for what is no device.
    func resolved() throws -> RuntimeResources.BlockIO {
        func throttle(_ limits: [DeviceLimit]) throws -> [RuntimeResources.BlockIO.ThrottleDevice]? {
            limits.isEmpty
                ? nil
                : try limits.map { limit in
                    let device = try limit.device()
                    return .init(major: device.major, minor: device.minor, rate: limit.value)
                }
        }
        var result = RuntimeResources.BlockIO()
        result.weight = weight
        if !weights.isEmpty {
            result.weightDevice = try weights.map { limit in
                let device = try limit.device()
                return .init(major: device.major, minor: device.minor, weight: UInt16(clamping: limit.value))
            }
        }
        result.throttleReadBpsDevice = try throttle(readBytes)
        result.throttleWriteBpsDevice = try throttle(writtenBytes)
        result.throttleReadIOPSDevice = try throttle(reads)
        result.throttleWriteIOPSDevice = try throttle(writes)
        return result
    }
}

/// A number for one block device: `PATH:NUMBER`.
public struct DeviceLimit: Codable, Sendable, Hashable {
    /// What is counted.
    public enum Kind: Sendable {
        /// A weight, 10 to 1000; 0 for none.
        case weight
        /// Bytes a second, with a unit if need be.
        case bytes
        /// Operations a second.
        case operations
    }

    /// The host's device file.
    public var path: String
    /// The number.
    public var value: UInt64

    /// Reads an option's value.
    ///
    /// - Throws: `EngineError`, in Podman's words.
    public init(_ text: String, _ kind: Kind) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw EngineError("bad format: \(text)") }
        guard parts[0].hasPrefix("/dev/") else { throw EngineError("bad format for device path: \(text)") }
        guard let value = Self.value(parts[1], kind) else {
            let format = "invalid rate for device: \(text). The correct format is <device-path>:<number>"
            throw switch kind {
            case .weight: EngineError("invalid weight for device: \(text)")
            case .bytes:
                EngineError(
                    format + "[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb")
            case .operations: EngineError(format + ". Number must be a positive integer")
            }
        }
        (path, self.value) = (parts[0], value)
    }

    private static func value(_ text: String, _ kind: Kind) -> UInt64? {
        switch kind {
        case .weight: UInt64(text).flatMap { $0 == 0 || (10...1000).contains($0) ? $0 : nil }
        // Whatever is wrong with the size, the message is the same.
        case .bytes: (try? ByteSize.parse(text)).map(UInt64.init(clamping:))
        case .operations: UInt64(text)
        }
    }

    fileprivate func device() throws -> RuntimeDevice {
        guard let device = try RuntimeDevice(host: path, as: path) else {
            throw EngineError("no devices found in \(path): invalid argument")
        }
        return device
    }
}

extension RuntimeResources.DeviceRule {
    /// Reads `--device-cgroup-rule`: `TYPE MAJOR:MINOR ACCESS`, with `*` for any number.
    ///
    /// - Throws: `EngineError`, in Podman's words.
    init(allowing text: String) throws {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else {
            throw EngineError("invalid device cgroup rule requires type, major:Minor, and access rules: \"\(text)\"")
        }
        guard ["a", "b", "c"].contains(parts[0]) else {
            throw EngineError("invalid device type in device-access-add: \(parts[0])")
        }
        let numbers = try parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { text in
            if text == "*" { return nil as Int64? }
            guard let number = UInt32(text) else {
                throw EngineError("strconv.ParseUint: parsing \"\(text)\": invalid syntax")
            }
            return Int64(number)
        }
        guard !parts[2].isEmpty, parts[2].allSatisfy({ "rwm".contains($0) }) else {
            throw EngineError("invalid device access in device-access-add: \(parts[2])")
        }
        self.init(
            allow: true, type: parts[0], major: numbers[0], minor: numbers.count > 1 ? numbers[1] : nil,
            access: parts[2])
    }
}
