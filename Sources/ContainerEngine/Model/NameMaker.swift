/// Names for containers that were given none: an adjective and a bird.
enum NameMaker {
    private static let adjectives = [
        "agile", "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "copper", "coral", "crisp", "dapper",
        "eager",
        "early", "fleet", "gentle", "gleaming", "golden", "happy", "hardy", "hushed", "jolly", "keen", "kind", "lively",
        "lucky", "mellow", "merry", "misty", "nimble", "noble", "patient", "placid", "proud", "quick", "quiet", "rapid",
        "ready", "silver", "sleek", "smart", "steady", "sturdy", "sunny", "swift", "tidy", "vivid", "warm", "wise",
        "witty",
    ]
    private static let birds = [
        "avocet", "bittern", "bulbul", "bunting", "curlew", "dipper", "dunlin", "egret", "falcon", "finch", "gannet",
        "godwit",
        "grebe", "harrier", "heron", "hoopoe", "ibis", "jacana", "jay", "kestrel", "kite", "knot", "lapwing", "lark",
        "linnet",
        "martin", "merlin", "myna", "nuthatch", "oriole", "osprey", "petrel", "pipit", "plover", "puffin", "quail",
        "rail",
        "robin", "sandpiper", "shrike", "siskin", "starling", "stint", "swallow", "swift", "swiftlet", "tern", "thrush",
        "wagtail", "wren",
    ]

    /// A name made of an id; its last digits keep two containers from having one name.
    static func name(_ id: String) -> String {
        let seed = Int(id.prefix(8), radix: 16) ?? 0
        let adjective = adjectives[seed % adjectives.count]
        return "\(adjective)_\(birds[seed / adjectives.count % birds.count])_\(id.prefix(12).suffix(4))"
    }
}
