internal import LinuxSys

/// Passes a tar stream on and follows its headers, so that libarchive is not the only reader.
///
/// Where two readers disagree on the length of an entry, content of the one is entries to the other: scanners see
/// other files than the ones unpacked (CVE-2025-62518). So a pax record (pax(1), "pax Extended Header") that is
/// malformed is refused here, where libarchive guesses; and each entry must begin where both say. The rules are those
/// of Go's archive/tar, which most writers and readers of layers use.
final class TarOutline: ByteSource {
    private static let block = 512

    /// What the bytes collected next are.
    private enum Part {
        case header, paxHeader, sparseMap, nothing
    }

    private let source: any ByteSource
    private let paxLimit: Int
    private var part = Part.header
    /// Of `part`: what is here, and how many bytes it has.
    private var collected: [UInt8] = []
    private var wanted = TarOutline.block
    /// Bytes of content or padding that come before `part`.
    private var skipped: Int64 = 0
    /// Bytes of the stream before `part`, or so far.
    private var position: Int64 = 0
    /// Whether the headers read last describe the entry that the next one begins or goes on with.
    private var isInsideEntry = false
    private var paxSize: Int64?
    /// Whether a pax header, and one of GNU's, names the entry or what it links to.
    private var isNamedByPax = false
    private var isNamedByGNU = false
    private var sizeBehindMap: Int64 = 0
    /// Where entries begin that libarchive has not come to: one at most when it asks for more.
    private var starts: [Int64] = []

    init(_ source: any ByteSource, paxLimit: Int) {
        self.source = source
        self.paxLimit = paxLimit
    }

    func next() throws -> [UInt8] {
        if starts.count > 1 { throw Self.disagreement }
        let bytes = try source.next()
        var rest = bytes[...]
        while !rest.isEmpty, part != .nothing {
            let step = skipped > 0 ? Int(min(skipped, Int64(rest.count))) : min(rest.count, wanted - collected.count)
            if skipped > 0 { skipped -= Int64(step) } else { collected += rest.prefix(step) }
            rest = rest.dropFirst(step)
            position += Int64(step)
            if skipped == 0, collected.count == wanted { try take() }
        }
        return bytes
    }

    /// Compares: libarchive has read the headers of an entry that begins at byte `start`.
    func expect(entryAt start: Int64) throws(StorageError) {
        guard starts.first == start else { throw Self.disagreement }
        starts.removeFirst()
    }

    private static let disagreement = StorageError.invalid("its tar headers have lengths that readers disagree about")

    private static func tooLarge(_ bytes: Int, _ limit: Int) -> StorageError {
        .limit("a pax header that is too large: \(bytes) bytes, and \(limit) are allowed")
    }

    private func take() throws(StorageError) {
        let bytes = collected
        collected.removeAll(keepingCapacity: true)
        switch part {
        case .header: try readHeader(bytes)
        case .paxHeader:
            let header = try PaxHeader(bytes)
            paxSize = header.size
            isNamedByPax = isNamedByPax || header.hasNames
            expect(.header, after: Self.padding(Int64(bytes.count)))
        case .sparseMap: try readSparseMap(continues: bytes[504] != 0)
        case .nothing: return
        }
        if part == .paxHeader, wanted > paxLimit { throw Self.tooLarge(wanted, paxLimit) }
        if part == .paxHeader, wanted == 0 { try take() }
    }

    /// One header (POSIX ustar; GNU tar's and Solaris' own types). What is none ends the outline; libarchive says why.
    private func readHeader(_ block: [UInt8]) throws(StorageError) {
        guard let size = Self.number(block[124..<136]), block.contains(where: { $0 != 0 }) else {
            part = .nothing
            return
        }
        if !isInsideEntry { starts.append(position - Int64(Self.block)) }
        isInsideEntry = true
        switch block[156] {
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            (part, wanted) = (.paxHeader, Int(clamping: size))
        case UInt8(ascii: "L"), UInt8(ascii: "K"):
            isNamedByGNU = true
            expect(.header, after: Self.padded(size))
        case UInt8(ascii: "g"), UInt8(ascii: "A"), UInt8(ascii: "V"): expect(.header, after: Self.padded(size))
        case UInt8(ascii: "1")...UInt8(ascii: "6"): try endEntry(size: 0)
        case UInt8(ascii: "S") where block[482] != 0:
            sizeBehindMap = size
            expect(.sparseMap, after: 0)
        default: try endEntry(size: paxSize ?? size)
        }
    }

    private func readSparseMap(continues: Bool) throws(StorageError) {
        if continues { expect(.sparseMap, after: 0) } else { try endEntry(size: paxSize ?? sizeBehindMap) }
    }

    private func endEntry(size: Int64) throws(StorageError) {
        // Go takes GNU's name, wherever it stands; libarchive the one that comes last.
        if isNamedByPax && isNamedByGNU {
            throw .invalid("a pax header and a GNU header with names that readers disagree about")
        }
        (isNamedByPax, isNamedByGNU) = (false, false)
        isInsideEntry = false
        paxSize = nil
        expect(.header, after: Self.padded(size))
    }

    private func expect(_ part: Part, after bytes: Int64) {
        self.part = part
        wanted = Self.block
        skipped = bytes
    }

    /// A header's number: octal text, or 95 bits of a binary one that begins with a set bit (GNU tar).
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if field.first == 0x80 {
            let digits = field.dropFirst()
            guard digits.prefix(3).allSatisfy({ $0 == 0 }) else { return nil }
            return Int64(exactly: digits.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == 0 }
        let digits = field.drop(while: isBlank).prefix { !isBlank($0) }
        if digits.isEmpty { return 0 }
        guard digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "7")).contains) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func padding(_ size: Int64) -> Int64 { -size & Int64(block - 1) }

    private static func padded(_ size: Int64) -> Int64 {
        let (sum, overflow) = size.addingReportingOverflow(padding(size))
        return overflow ? .max : sum
    }
}

/// The records of one pax extended header, `LENGTH KEY=VALUE\n` each, where LENGTH counts all of it.
struct PaxHeader {
    private static let numbers: Set = ["size", "uid", "gid"]
    private static let texts: Set = ["path", "linkpath", "uname", "gname"]

    /// Bytes of content of the entry; nil if the ustar header has them.
    let size: Int64?
    /// Whether it has the entry's name or the one that it links to.
    let hasNames: Bool

    init(_ bytes: [UInt8]) throws(StorageError) {
        var size: Int64?
        var hasNames = false
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let (key, value, next) = Self.record(rest) else {
                throw .invalid("a pax header with a malformed record: \(Array(rest.prefix(40)).printable)")
            }
            if Self.numbers.contains(key) {
                guard let number = Self.decimal(value) else {
                    throw .invalid("a pax header whose \(key) is \(Array(value.prefix(40)).printable), not a number")
                }
                if key == "size" { size = number }
            } else if Self.texts.contains(key), value.contains(0) {
                throw .invalid("a pax header whose \(key) has a NUL byte")
            }
            if key == "path" || key == "linkpath" { hasNames = true }
            rest = next
        }
        self.size = size
        self.hasNames = hasNames
    }

    private typealias Record = (key: String, value: ArraySlice<UInt8>, next: ArraySlice<UInt8>)

    private static func record(_ bytes: ArraySlice<UInt8>) -> Record? {
        guard let space = bytes.prefix(20).firstIndex(of: UInt8(ascii: " ")),
            let length = decimal(bytes[..<space]), length <= bytes.count,
            case let record = bytes.prefix(Int(length)), record.endIndex > space, record.last == UInt8(ascii: "\n"),
            case let content = record[(space + 1)...].dropLast(),
            let equals = content.firstIndex(of: UInt8(ascii: "=")),
            equals > content.startIndex
        else { return nil }
        return (
            String(decoding: content[..<equals], as: UTF8.self), content[(equals + 1)...], bytes[record.endIndex...]
        )
    }

    /// Digits and nothing else, for the sign and space that one reader takes, another does not.
    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
