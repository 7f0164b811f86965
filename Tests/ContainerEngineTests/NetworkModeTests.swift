import ContainerEngine
import Foundation
import Testing

/// How a container's network is kept in the state database.
@Suite struct NetworkModeTests {
    /// Every mode, and the text that databases hold for it.
    static let stored: [(NetworkMode, String)] = [
        (.bridge(["podman", "web"]), #"{"bridge":{"_0":["podman","web"]}}"#),
        (.bridge([]), #"{"bridge":{"_0":[]}}"#),
        (.none, #"{"none":{}}"#),
        (.host, #"{"host":{}}"#),
        (.container("0123"), #"{"container":{"_0":"0123"}}"#),
        (.namespace("/run/netns/blue"), #"{"namespace":{"_0":"/run/netns/blue"}}"#),
    ]

    @Test("a mode is read from the text that was written for it", arguments: stored)
    func roundTrip(mode: NetworkMode, text: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        #expect(String(decoding: try encoder.encode(mode), as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(NetworkMode.self, from: Data(text.utf8)) == mode)
    }

    @Test(
        "a text that is no mode is refused", arguments: ["{}", #"{"_0":[]}"#, #"{"bridge":{}}"#, #"{"tap":{}}"#, "[]"])
    func refused(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(NetworkMode.self, from: Data(text.utf8)) }
    }
}
