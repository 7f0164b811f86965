extension RuntimeResources {
    /// What may go to and come from block devices (config-linux.md, "Block IO").
    public struct BlockIO: Codable, Sendable, Hashable {
        /// The weight at one device.
        public struct WeightDevice: Codable, Sendable, Hashable {
            /// The major number.
            public var major: Int64
            /// The minor number.
            public var minor: Int64
            /// 10 to 1000.
            public var weight: UInt16

            /// A weight.
            public init(major: Int64, minor: Int64, weight: UInt16) {
                (self.major, self.minor, self.weight) = (major, minor, weight)
            }
        }

        /// The limit at one device.
        public struct ThrottleDevice: Codable, Sendable, Hashable {
            /// The major number.
            public var major: Int64
            /// The minor number.
            public var minor: Int64
            /// Bytes or operations a second.
            public var rate: UInt64

            /// A limit.
            public init(major: Int64, minor: Int64, rate: UInt64) {
                (self.major, self.minor, self.rate) = (major, minor, rate)
            }
        }

        /// Weight among cgroups, 10 to 1000.
        public var weight: UInt16?
        /// Weights at single devices.
        public var weightDevice: [WeightDevice]?
        /// Bytes that may be read each second.
        public var throttleReadBpsDevice: [ThrottleDevice]?
        /// Bytes that may be written each second.
        public var throttleWriteBpsDevice: [ThrottleDevice]?
        /// Operations of reading each second.
        public var throttleReadIOPSDevice: [ThrottleDevice]?
        /// Operations of writing each second.
        public var throttleWriteIOPSDevice: [ThrottleDevice]?

        /// No limit.
        public init() {}
    }
}

extension RuntimeResources.BlockIO {
    func write(to text: inout JSONText) {
        text.object { text in
            text.field("weight", weight)
            text.field("weightDevice", weightDevice) { text, device in
                text.object { text in
                    text.field("major", device.major)
                    text.field("minor", device.minor)
                    text.field("weight", device.weight)
                }
            }
            for (name, devices) in [
                ("throttleReadBpsDevice", throttleReadBpsDevice), ("throttleWriteBpsDevice", throttleWriteBpsDevice),
                ("throttleReadIOPSDevice", throttleReadIOPSDevice),
                ("throttleWriteIOPSDevice", throttleWriteIOPSDevice),
            ] {
                text.field(name, devices) { text, device in
                    text.object { text in
                        text.field("major", device.major)
                        text.field("minor", device.minor)
                        text.field("rate", device.rate)
                    }
                }
            }
        }
    }
}
