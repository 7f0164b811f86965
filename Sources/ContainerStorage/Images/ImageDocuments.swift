internal import FoundationEssentials
internal import OCISpec

/// Reads JSON documents of images: checked for what two readers could understand differently, then decoded.
enum ImageDocuments {
    /// Decodes one document.
    ///
    /// - Throws: `StorageError` with one line that names `what`.
    static func decode<Document: Decodable>(
        _ type: Document.Type, _ bytes: [UInt8], _ what: String
    ) throws(StorageError) -> Document {
        do {
            try ImageJSON.check(bytes)
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as ImageDocumentError {
            throw .invalid("\(what): \(error.description)")
        } catch let error as DecodingError {
            throw .invalid("\(what): \(explain(error))")
        } catch {
            throw .invalid("\(what): \(error)")
        }
    }

    /// Tells whether a document is a manifest or an index, by its fields and by what announced it.
    static func kind(_ bytes: [UInt8], expected: String?, _ what: String) throws(StorageError) -> ImageDocumentKind {
        let head = try decode(Head.self, bytes, what)
        do throws(ImageDocumentError) {
            return try ImageDocumentKind(keys: head.keys, mediaType: head.mediaType, expected: expected)
        } catch {
            throw .invalid("\(what): \(error.description)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        let path = { (keys: [any CodingKey]) in keys.map(\.stringValue).joined(separator: ".") }
        return switch error {
        case .keyNotFound(let key, let context): "field \(path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "field \(path(context.codingPath)) has the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "not valid JSON" : "field \(path(context.codingPath)): \(context.debugDescription)"
        @unknown default: "not valid"
        }
    }

    /// A document's top-level fields.
    private struct Head: Decodable {
        var keys: Set<String>
        var mediaType: String?

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            keys = Set(fields.allKeys.map(\.stringValue))
            mediaType = try fields.decodeIfPresent(String.self, forKey: Key(stringValue: "mediaType"))
        }

        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
