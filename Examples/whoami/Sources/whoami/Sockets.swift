import Glibc

/// A file descriptor with one owner, closed when the owner goes.
struct Descriptor: ~Copyable {
    let raw: Int32

    /// Takes over an open descriptor.
    init(adopting raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Gives the open descriptor away; nobody closes it here.
    consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }
}

/// A system call that failed: what was being done, and the kernel's reason.
struct SystemError: Error {
    let operation: String
    let number: Int32

    /// Reads `errno`, so it must be made right after the call.
    init(_ operation: String) {
        number = errno
        self.operation = operation
    }

    /// The kernel's reason in words.
    var reason: String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}

/// Opens a socket that listens on every address of the host.
///
/// It takes IPv6 and IPv4 (as v4-mapped addresses, RFC 4291 section 2.5.5.2), or IPv4 alone where the
/// kernel has no IPv6.
func listen(on port: UInt16) throws(SystemError) -> Descriptor {
    let six = socket(AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard six >= 0 else {
        guard errno == EAFNOSUPPORT else { throw SystemError("open a socket for") }
        return try listenIPv4(on: port)
    }
    let listener = Descriptor(adopting: six)
    try setOption(listener.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(0))
    try setOption(listener.raw, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    try bind(listener.raw, to: address)
    return listener
}

/// Connections that may wait for accept(2).
private let backlog: Int32 = 128

private func listenIPv4(on port: UInt16) throws(SystemError) -> Descriptor {
    let four = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard four >= 0 else { throw SystemError("open a socket for") }
    let listener = Descriptor(adopting: four)
    try setOption(listener.raw, SOL_SOCKET, SO_REUSEADDR, Int32(1))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    try bind(listener.raw, to: address)
    return listener
}

private func bind<Address>(_ socket: Int32, to address: Address) throws(SystemError) {
    // SAFETY: every socket address begins as struct sockaddr does; the kernel reads as many bytes as are given.
    let status = unsafe withUnsafeBytes(of: address) { bytes in
        unsafe Glibc.bind(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
    }
    guard status == 0 else { throw SystemError("bind to") }
    guard Glibc.listen(socket, backlog) == 0 else { throw SystemError("listen on") }
}

/// Sets a socket option; see socket(7) and ipv6(7).
func setOption<Value: BitwiseCopyable>(
    _ socket: Int32, _ level: Int32, _ name: Int32, _ value: Value
) throws(SystemError) {
    // SAFETY: the kernel reads the value's own bytes, and no more.
    let status = unsafe withUnsafeBytes(of: value) { bytes in
        unsafe setsockopt(socket, level, name, bytes.baseAddress, socklen_t(bytes.count))
    }
    guard status == 0 else { throw SystemError("set an option of the socket for") }
}

/// The other end of a connection as "address:port", an IPv6 address in brackets.
func peerName(of connection: Int32) -> String? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutablePointer(to: &storage) { storage in
        // SAFETY: sockaddr_storage has room and alignment for every kind of socket address.
        unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> String? in
            guard unsafe getpeername(connection, address, &length) == 0 else { return nil }
            guard let text = unsafe addressText(address) else { return nil }
            let port = unsafe portNumber(address)
            return text.contains(":") ? "[\(text)]:\(port)" : "\(text):\(port)"
        }
    }
}

private func portNumber(_ address: UnsafePointer<sockaddr>) -> UInt16 {
    // SAFETY: in both kinds of address the port lies in the two bytes after the family.
    unsafe UnsafeRawPointer(address).loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian
}
