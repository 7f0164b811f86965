internal import ContainerNetwork
internal import ContainerRuntime
internal import OCISpec
internal import WirePrimitives

// Values of containers.conf(5), each looked at when it is decoded.

extension Decoder {
    /// A text that is read by `parse`; what that throws, or that it finds nothing, is what is wrong with it.
    fileprivate func value<Value>(_ problem: String, _ parse: (String) throws -> Value?) throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        // The sentence says what is wrong with every text that cannot be read.
        guard let value = try? parse(text) else { throw corrupted("\"\(text)\" \(problem)") }
        return value
    }

    /// A whole number in a range. (TOMLKit itself ends the program at one that does not fit a smaller type.)
    fileprivate func number(_ range: ClosedRange<Int>) throws -> Int {
        let container = try singleValueContainer()
        let number = try container.decode(Int.self)
        guard range.contains(number) else {
            throw corrupted("\(number) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    private func corrupted(_ what: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: what))
    }
}

extension ContainersConfiguration {
    struct CapabilityName: Hashable, Sendable, Decodable {
        let value: Capability

        init(from decoder: any Decoder) throws {
            value = try decoder.value("is no capability") { try Capability($0) }
        }
    }

    struct Ulimit: Hashable, Sendable, Decodable {
        let value: RuntimeLimit

        init(from decoder: any Decoder) throws {
            value = try decoder.value("is no limit: NAME=SOFT[:HARD] is wanted, such as nofile=1024:4096") {
                RuntimeLimit(ulimit: $0)
            }
        }
    }

    struct ServerAddress: Hashable, Sendable, Decodable {
        let value: IPAddress

        init(from decoder: any Decoder) throws {
            value = try decoder.value("is not an ip address") { IPAddress($0) }
        }
    }

    struct Seconds: Hashable, Sendable, Decodable {
        let value: Int64

        init(from decoder: any Decoder) throws {
            value = Int64(try decoder.number(0...Int(UInt32.max)))
        }
    }

    struct NetworkName: Hashable, Sendable, Decodable {
        let value: String

        init(from decoder: any Decoder) throws {
            value = try decoder.value("is no name of a network: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*") {
                NetworkFiles.isName($0) ? $0 : nil
            }
        }
    }

    struct Subnet: Hashable, Sendable, Decodable {
        let value: CIDR

        init(from decoder: any Decoder) throws {
            value = try decoder.value("is no subnet: invalid CIDR address") { $0.contains("/") ? CIDR($0) : nil }
        }
    }

    struct Port: Hashable, Sendable, Decodable {
        let value: UInt16

        init(from decoder: any Decoder) throws {
            let number = try decoder.number(0...Int(UInt16.max))
            // As in Podman, 0 is no choice.
            value = number == 0 ? 53 : UInt16(number)
        }
    }

    struct Pool: Hashable, Sendable, Decodable {
        let value: SubnetPool

        private enum CodingKeys: CodingKey {
            case base, size
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let base = try container.decode(Subnet.self, forKey: .base).value
            let size = try container.decode(Int.self, forKey: .size)
            func corrupted(_ what: String) -> DecodingError {
                .dataCorrupted(.init(codingPath: container.codingPath, debugDescription: what))
            }
            guard base.family == .ipv4 else { throw corrupted("invalid subnet pool ip \(base): IPv4 is wanted") }
            guard (0...32).contains(size) else {
                throw corrupted("invalid subnet pool size \(size), must be between 0-32")
            }
            guard let pool = SubnetPool(base: base, blockLength: size) else {
                throw corrupted("invalid subnet pool, size \(size) is bigger than subnet \"\(base)\"")
            }
            value = pool
        }
    }

    /// What loads the firewall's rules.
    enum FirewallDriver: String, Hashable, Sendable, Decodable {
        /// This program's choice.
        case unset = ""
        /// iptables(8).
        case iptables

        init(from decoder: any Decoder) throws {
            self = try decoder.value("is no firewall driver of swiftlet's: leave it out, or set it to \"iptables\"") {
                Self(rawValue: $0)
            }
        }
    }
}
