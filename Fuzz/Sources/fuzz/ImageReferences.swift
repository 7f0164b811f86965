import OCISpec

/// A reference that is read must come back from what is written.
func checkImageReference(_ input: [UInt8]) {
    // Text that is no reference is refused: nothing to look at.
    guard let reference = try? ImageReference(parsing: String(decoding: input, as: UTF8.self)) else { return }
    let again = try? ImageReference(parsing: "\(reference)")
    require(again == reference, "\(reference) is read as \(again.map { "\($0)" } ?? "no reference")")
}
