import Testing

/// Writes tar streams as they should be and as they should not: every field can be forged.
struct TarWriter {
    private(set) var bytes: [UInt8] = []

    /// One entry: ustar header, content, padding. `pax` records go into an extended header before it.
    mutating func add(
        _ name: [UInt8], type: Character = "0", mode: UInt32 = 0o644, owner: UInt32 = 0, group: UInt32 = 0,
        content: [UInt8] = [], size: Int64? = nil, link: [UInt8] = [], device: (UInt32, UInt32) = (0, 0),
        modified: UInt32 = 1000, pax: [(String, [UInt8])] = [], alter: (inout [UInt8]) -> Void = { _ in }
    ) {
        if !pax.isEmpty { add([UInt8]("pax".utf8), type: "x", content: pax.flatMap { Self.record($0.0, $0.1) }) }
        var header = [UInt8](repeating: 0, count: 512)
        let put = { (header: inout [UInt8], offset: Int, bytes: [UInt8]) in
            for (index, byte) in bytes.enumerated() { header[offset + index] = byte }
        }
        let octal = { (number: Int64, width: Int) -> [UInt8] in
            let digits = String(number, radix: 8)
            return [UInt8]((String(repeating: "0", count: max(0, width - 1 - digits.count)) + digits).utf8)
        }
        put(&header, 0, Array(name.prefix(100)))
        put(&header, 100, octal(Int64(mode), 8))
        put(&header, 108, octal(Int64(owner), 8))
        put(&header, 116, octal(Int64(group), 8))
        put(&header, 124, octal(size ?? Int64(content.count), 12))
        put(&header, 136, octal(Int64(modified), 12))
        header[156] = type.asciiValue ?? 0
        put(&header, 157, Array(link.prefix(100)))
        put(&header, 257, [UInt8]("ustar\u{0}00".utf8))
        put(&header, 329, octal(Int64(device.0), 8))
        put(&header, 337, octal(Int64(device.1), 8))
        alter(&header)
        for index in 148..<156 { header[index] = UInt8(ascii: " ") }
        put(&header, 148, octal(Int64(header.reduce(0) { $0 + Int($1) }), 7) + [0])
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// The same with a name that is a text.
    mutating func add(
        _ name: String, type: Character = "0", mode: UInt32 = 0o644, owner: UInt32 = 0, group: UInt32 = 0,
        text: String = "", link: String = "", device: (UInt32, UInt32) = (0, 0), modified: UInt32 = 1000,
        pax: [(String, [UInt8])] = []
    ) {
        add(
            Array(name.utf8), type: type, mode: mode, owner: owner, group: group, content: Array(text.utf8),
            link: Array(link.utf8), device: device, modified: modified, pax: pax)
    }

    /// A GNU long name ("L") or long link ("K") for the next entry.
    mutating func addLong(_ type: Character, _ text: [UInt8]) {
        add([UInt8]("././@LongLink".utf8), type: type, content: text + [0])
    }

    mutating func append(raw: [UInt8]) {
        bytes += raw
    }

    /// The stream with its end mark.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// `LENGTH KEY=VALUE\n`, the length counting itself.
    static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [10]
        var length = rest.count + 1
        while String(length).utf8.count + rest.count != length { length += 1 }
        return Array(String(length).utf8) + rest
    }

    /// A stream from some additions.
    static func stream(_ build: (inout TarWriter) -> Void) -> [UInt8] {
        var writer = TarWriter()
        build(&writer)
        return writer.finished
    }
}

/// Compressed forms that need no compressor.
enum Packed {
    /// One of them, with its name.
    struct Form: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let pack: @Sendable ([UInt8]) -> [UInt8]
    }

    static let all = [
        Form(testDescription: "gzip", pack: gzip), Form(testDescription: "zstd", pack: zstd),
        Form(testDescription: "xz", pack: xz),
    ]

    /// RFC 1952 with stored blocks.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            result.append(rest.isEmpty ? 1 : 0)
            for number in [length, ~length] { result += [UInt8(number & 255), UInt8(number >> 8)] }
            result += block
        } while !rest.isEmpty
        return result + little(crc32(bytes)) + little(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// RFC 8878 with raw blocks.
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65536)
            rest = rest.dropFirst(block.count)
            result += little(UInt32(block.count) << 3 | (rest.isEmpty ? 1 : 0)).prefix(3) + block
        } while !rest.isEmpty
        return result
    }

    /// The .xz file format, 1.2.0, with LZMA2 chunks that are not compressed, and without a check of the content.
    static func xz(_ bytes: [UInt8]) -> [UInt8] {
        let flags: [UInt8] = [0, 0]
        let head: [UInt8] = [2, 0, 0x21, 1, 0, 0, 0, 0]
        var block = head + little(crc32(head))
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(65536)
            rest = rest.dropFirst(chunk.count)
            block += [1, UInt8((chunk.count - 1) >> 8), UInt8((chunk.count - 1) & 255)] + chunk
        }
        block.append(0)
        var index: [UInt8] = [0, 1] + variable(block.count) + variable(bytes.count)
        block += [UInt8](repeating: 0, count: -block.count & 3)
        index += [UInt8](repeating: 0, count: -index.count & 3)
        index += little(crc32(index))
        let back = little(UInt32(index.count / 4 - 1)) + flags
        return [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] + flags + little(crc32(flags)) + block + index
            + little(crc32(back)) + back + [0x59, 0x5a]
    }

    /// Seven bits a byte, the lowest first.
    private static func variable(_ number: Int) -> [UInt8] {
        number < 128 ? [UInt8(number)] : [UInt8(number & 127) | 128] + variable(number >> 7)
    }

    /// RFC 8878 with run-length blocks: `count` times 64 KiB of zeros in 4 bytes each.
    static func zstdZeros(_ count: Int) -> [UInt8] {
        var result: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]
        for index in 1...count { result += little(UInt32(65536) << 3 | 2 | (index == count ? 1 : 0)).prefix(3) + [0] }
        return result
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
