import Testing
import WirePrimitives

@Suite struct BytesTests {
    @Test func `numbers are read as they were written`() throws {
        var writer = ByteWriter()
        writer.uint8(1)
        writer.pad(to: 4)
        writer.uint16(0x1234)
        writer.bigEndian16(0x1234)
        writer.uint32(0xDEAD_BEEF)
        #expect(writer.bytes[6...7] == [0x12, 0x34])
        var reader = ByteReader(writer.bytes)
        #expect(try reader.uint8() == 1)
        reader.skip(upTo: 3)
        #expect(try reader.uint16() == 0x1234)
        #expect(try reader.bigEndian16() == 0x1234)
        #expect(try reader.uint32() == 0xDEAD_BEEF)
        #expect(reader.isEmpty)
    }

    @Test func `nothing is taken beyond the end`() throws {
        var reader = ByteReader([1, 2, 3])
        #expect(throws: ByteError(offset: 0, wanted: 4, available: 3)) { try reader.uint32() }
        #expect(throws: ByteError(offset: 0, wanted: -1, available: 3)) { try reader.take(-1) }
        #expect(reader.remaining == 3)
        var part = try reader.take(2)
        #expect(part.bytes == [1, 2])
        #expect(throws: ByteError.self) { try part.take(3) }
        reader.skip(upTo: 100)
        #expect(reader.isEmpty)
    }

    @Test func `patched lengths stand where they belong`() {
        var writer = ByteWriter()
        writer.append([0, 0, 0, 0, 9])
        writer.patch16(0x0102, at: 2)
        #expect(writer.bytes == [0, 0] + (UInt16(0x0102).littleEndian == 0x0102 ? [2, 1] : [1, 2]) + [9])
    }
}
