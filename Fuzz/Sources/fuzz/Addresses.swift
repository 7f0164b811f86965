import Glibc
import WirePrimitives

/// What is read must come back from what is written; and glibc is asked what an IP address is.
func checkAddresses(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    requireRoundTrip(MACAddress.self, text)
    requireRoundTrip(InterfaceName.self, text)
    requireRoundTrip(CIDR.self, text)
    requireRoundTrip(InterfaceAddress.self, text)
    let ipv4 = requireRoundTrip(IPv4Address.self, text)
    let ipv6 = requireRoundTrip(IPv6Address.self, text)
    if let ports = PortRange(text) {
        require(PortRange(ports.description) == ports, "‘\(text)’ becomes \(ports), which is read otherwise")
    }
    // A C string ends at its first zero.
    guard !text.utf8.contains(0) else { return }
    require(ipv4?.bytes == presentation(text, AF_INET, count: 4), "‘\(text)’ is \(ipv4.debugDescription)")
    require(ipv6?.bytes == presentation(text, AF_INET6, count: 16), "‘\(text)’ is \(ipv6.debugDescription)")
}

@discardableResult
private func requireRoundTrip<Value: LosslessStringConvertible & Equatable>(_: Value.Type, _ text: String) -> Value? {
    guard let value = Value(text) else { return nil }
    require(Value(value.description) == value, "‘\(text)’ becomes \(value), which is read otherwise")
    return value
}

/// What inet_pton(3) reads; nil if it refuses.
private func presentation(_ text: String, _ family: CInt, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
}
