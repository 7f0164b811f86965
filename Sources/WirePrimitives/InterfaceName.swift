/// A name that the kernel allows for a network interface (`dev_valid_name` in net/core/dev.c).
public struct InterfaceName: Hashable, Sendable, Comparable, TextCodable {
    /// The longest name in bytes; the kernel's IFNAMSIZ without its NUL.
    public static let longest = 15

    private let text: String

    /// Takes 1 to 15 bytes without `/`, `:` or white space, but not `.` or `..`.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...Self.longest).contains(bytes.count), text != ".", text != ".." else { return nil }
        guard !bytes.contains(where: Self.isForbidden) else { return nil }
        self.text = text
    }

    private static func isForbidden(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, UInt8(ascii: "/"), UInt8(ascii: ":"), 0x20, 0x09...0x0D, 0xA0: true
        default: false
        }
    }

    /// The host's end of a container's pair as the kernel would name it: `veth0`, `veth1`, …
    public static func veth(_ number: UInt32) -> InterfaceName {
        InterfaceName(unchecked: "veth\(number)")
    }

    /// `lo`, the interface that every network namespace is born with.
    public static let loopback = InterfaceName(unchecked: "lo")

    /// `eth0`, the first interface of every container.
    public static let eth0 = InterfaceName(unchecked: "eth0")

    private init(unchecked text: String) {
        self.text = text
    }

    /// The name.
    public var description: String { text }

    /// Order by bytes.
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}
