import Glibc

/// The IP addresses of all interfaces as text: interface by interface in the kernel's order, IPv4
/// before IPv6, without the scope (`%eth0`) of link-local ones. Equivalent to: `ip -o addr`.
func hostAddresses() -> [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var found: [(interface: UInt32, family: Int32, text: String)] = []
    var next = unsafe first
    while let entry = unsafe next {
        // SAFETY: the list that getifaddrs made lives until freeifaddrs above.
        unsafe next = entry.pointee.ifa_next
        guard let address = unsafe entry.pointee.ifa_addr, let text = unsafe addressText(address) else { continue }
        found.append((unsafe if_nametoindex(entry.pointee.ifa_name), unsafe Int32(address.pointee.sa_family), text))
    }
    // getifaddrs gives all of IPv4 first; AF_INET is less than AF_INET6. The position keeps equals in order.
    let order = found.indices.sorted {
        (found[$0].interface, found[$0].family, $0) < (found[$1].interface, found[$1].family, $1)
    }
    return order.map { found[$0].text }
}

/// The host's name (gethostname(2)).
func hostName() -> String {
    // HOST_NAME_MAX is 64; the last byte stays 0 whatever gethostname writes.
    var name = [CChar](repeating: 0, count: 65)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// An IPv4 or IPv6 address as text, a v4-mapped one as IPv4; nil for other families.
func addressText(_ address: UnsafePointer<sockaddr>) -> String? {
    let raw = unsafe UnsafeRawPointer(address)
    // SAFETY: the family says which structure this is, so the bytes read belong to it.
    switch unsafe Int32(address.pointee.sa_family) {
    case AF_INET:
        return unsafe text(AF_INET, raw + (MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 4))
    case AF_INET6:
        let bytes = unsafe raw + (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8)
        let prefix = unsafe UnsafeRawBufferPointer(start: bytes, count: 12)
        let mapped = unsafe prefix.dropLast(2).allSatisfy { $0 == 0 } && prefix[10] == 0xff && prefix[11] == 0xff
        return mapped ? unsafe text(AF_INET, bytes + 12) : unsafe text(AF_INET6, bytes)
    default:
        return nil
    }
}

/// inet_ntop(3) of 4 or 16 bytes in network order.
private func text(_ family: Int32, _ bytes: UnsafeRawPointer) -> String? {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
