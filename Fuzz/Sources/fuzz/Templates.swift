import FoundationEssentials
import GoTemplate

/// A template over a value of every kind: it says the same every time, and what it says is a string that JSON carries.
func checkTemplate(_ input: [UInt8]) {
    // A template can ask for as much work as it likes, as in Go; nested loops need some length to ask for too much.
    guard input.count <= 200 else { return }
    let text = String(decoding: input, as: UTF8.self)
    // A template that is wrong is refused: nothing to look at.
    guard let template = try? Template(text), let output = try? template.render(sample) else { return }
    require((try? template.render(sample)) == output, "‘\(text)’ says something else the second time")
    let json = Value.string(output).json(escapeHTML: true)
    let decoded = try? JSONDecoder().decode(String.self, from: Data(json.utf8))
    require(decoded == output, "‘\(output)’ is in JSON \(json)")
}

private let sample = Value.structure([
    .init("ID", "4d504beaf0b8"), .init("Up", true), .init("Size", -1), .init("Share", .double(0.5)),
    .init("Names", ["web1"]), .init("Labels", .map([("a", "b")])), .init("None", nil),
    .init("State", .structure([.init("Pid", 4242)])),
])
