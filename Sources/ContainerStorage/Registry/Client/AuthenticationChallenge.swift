/// One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1).
struct AuthenticationChallenge: Hashable, Sendable {
    /// In lower case: `bearer`, `basic`.
    var scheme: String
    /// Names in lower case.
    var parameters: [String: String]

    /// Reads all challenges of a header's value. What cannot be read ends the list: a challenge that is understood
    /// is never made of half a header.
    static func all(in text: String) -> [AuthenticationChallenge] {
        var scanner = Scanner(rest: Array(text.utf8.prefix(8192))[...])
        var challenges: [AuthenticationChallenge] = []
        while let challenge = scanner.challenge() { challenges.append(challenge) }
        return challenges
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func challenge() -> AuthenticationChallenge? {
            skip { $0 == UInt8(ascii: ",") || Self.isBlank($0) }
            guard let scheme = token() else { return nil }
            var challenge = AuthenticationChallenge(scheme: scheme.lowercased(), parameters: [:])
            while true {
                let before = rest
                skip { $0 == UInt8(ascii: ",") || Self.isBlank($0) }
                guard let name = token()?.lowercased() else { return rest.isEmpty ? challenge : nil }
                skip(Self.isBlank)
                guard rest.first == UInt8(ascii: "=") else {
                    // No parameter: the next challenge's scheme.
                    rest = before
                    return challenge
                }
                rest = rest.dropFirst()
                skip(Self.isBlank)
                guard let value = quoted() ?? token(), challenge.parameters[name] == nil else { return nil }
                challenge.parameters[name] = value
            }
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

        private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
            rest = rest.drop(while: isSkipped)
        }

        private mutating func token() -> String? {
            let token = rest.prefix { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
            rest = rest.dropFirst(token.count)
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }

        private mutating func quoted() -> String? {
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            var bytes: [UInt8] = []
            var inside = rest.dropFirst()
            while let byte = inside.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    rest = inside
                    return String(validating: bytes, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let next = inside.popFirst() else { return nil }
                    bytes.append(next)
                default: bytes.append(byte)
                }
            }
            return nil
        }
    }
}
