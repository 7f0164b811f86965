internal import ArgumentParser
internal import FoundationEssentials

/// What was typed makes no sense: a line in Podman's words, and whose help tells more.
struct UsageError: Error {
    var message: String
    /// What to point to after the message: a whole line.
    var hint: String?
}

/// A word that looks like an option stands where the parser, which cannot read it, took it for the first argument.
struct UnreadFlag: Error {
    var word: String
}

/// How Podman reads a command line (pflag and cobra), for what our parser reads otherwise: `--rm=false`, `-eA=b`,
/// `--hostname -x`, `rm -ft0`, `--`.
///
/// Most lines need none of this. It is asked when the parser has given up, or when a line has what the parser would
/// misread, and knows the commands from the parser's own description of them.
struct FlagSyntax {
    private let root: CommandShape
    private var command: CommandShape
    private var words: [String] = []
    private var output: [String] = []

    init() throws {
        let description = try JSONDecoder().decode(Description.self, from: Data(RootCommand._dumpHelp().utf8))
        root = description.command
        command = root
    }

    /// Whether the parser would take one of these words for something else, without an error.
    static func misreads(_ arguments: [String]) -> Bool {
        arguments.contains { word in
            guard word.hasPrefix("-"), let equals = word.firstIndex(of: "=") else { return false }
            let value = word[word.index(after: equals)...]
            return value.isEmpty || truth(value) != nil
        }
    }

    /// The same line with each option as `--name=value` and each flag alone.
    ///
    /// - Throws: `UsageError` for what Podman would not take either.
    mutating func read(_ arguments: [String]) throws(UsageError) -> [String] {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                output += command.passesThrough ? Array(rest) : ["--"] + rest
                return output
            } else if word.hasPrefix("--") {
                try readLong(word.dropFirst(2), &rest)
            } else if word.hasPrefix("-") && word != "-" {
                try readShort(word.dropFirst(), &rest)
            } else if let subcommands = command.subcommands {
                guard let next = subcommands.first(where: { $0.isCalled(word) }) else {
                    throw unrecognized(word)
                }
                command = next
                words.append(word)
                output.append(word)
            } else {
                output.append(word)
                if command.passesThrough { return output + rest }
            }
        }
        return output
    }

    // MARK: Words

    private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = command.option(.long, name) else { throw usage("unknown flag: --\(name)") }
        if parts.count > 1 {
            try add(option, parts[1])
        } else if option.isBoolean {
            try add(option, "true")
        } else if let value = rest.popFirst() {
            try add(option, value[...])
        } else {
            throw usage("flag needs an argument: --\(name)")
        }
    }

    private mutating func readShort(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        var text = text
        while let letter = text.popFirst() {
            guard let option = command.option(.short, String(letter)) else {
                throw usage("unknown shorthand flag: '\(letter)' in -\(letter)\(text)")
            }
            if text.first == "=" {
                return try add(option, text.dropFirst())
            } else if option.isBoolean {
                try add(option, "true")
            } else if !text.isEmpty {
                return try add(option, text)
            } else if let value = rest.popFirst() {
                try add(option, value[...])
            } else {
                throw usage("flag needs an argument: '\(letter)' in -\(letter)")
            }
        }
    }

    private mutating func add(_ option: OptionShape, _ value: Substring) throws(UsageError) {
        let flag = "--\(option.longName)"
        guard option.isBoolean else {
            // An option that ends with = is one without a value to the parser.
            output += value.isEmpty ? [flag, ""] : ["\(flag)=\(value)"]
            return
        }
        guard let isOn = Self.truth(value) else {
            throw usage(
                "invalid argument \"\(value)\" for \"\(option.title)\" flag: strconv.ParseBool: parsing \"\(value)\": "
                    + "invalid syntax")
        }
        guard option.kind == .flag else {
            output.append("\(flag)=\(isOn)")
            return
        }
        // The last one counts.
        let opposite = command.option(.long, "no-\(option.longName)").map { "--\($0.longName)" }
        output.removeAll { $0 == flag || $0 == opposite }
        if isOn { output.append(flag) } else if let opposite { output.append(opposite) }
    }

    /// What Go's strconv.ParseBool takes.
    private static func truth(_ text: Substring) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    // MARK: What is wrong

    private var title: String { ([Invocation.programName] + words).joined(separator: " ") }

    private func usage(_ message: String) -> UsageError {
        UsageError(message: message, hint: "See '\(title) --help'")
    }

    private func unrecognized(_ word: String) -> UsageError {
        UsageError(
            message: "unrecognized command `\(title) \(word)`", hint: "Try '\(title) --help' for more information")
    }

    /// The parser's message about the line that was read last, in Podman's words where it has some.
    func rephrased(_ message: String) -> UsageError {
        let quoted = message.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        if message.hasPrefix("The value '"), quoted.count > 3 {
            let name = quoted[3].drop { $0 == "-" }.prefix { $0 != " " }
            let title = command.option(.long, String(name))?.title ?? "--\(name)"
            return usage(
                "invalid argument \"\(quoted[1])\" for \"\(title)\" flag: parsing \"\(quoted[1])\": invalid syntax")
        }
        if message.hasPrefix("Missing expected argument") {
            return UsageError(message: "requires at least 1 arg(s), only received 0", hint: "See '\(title) --help'")
        }
        if message.hasPrefix("Unexpected argument") || message.contains(" unexpected arguments:") {
            let most = command.positionals
            if most == 0 { return UsageError(message: "`\(title)` takes no arguments") }
            return usage("accepts at most \(most) arg(s), received \(most + quoted.count / 2)")
        }
        return usage(message)
    }
}

// MARK: The parser's description

private struct Description: Decodable {
    var command: CommandShape
}

private struct CommandShape: Decodable {
    var commandName: String
    var aliases: [String]?
    var arguments: [OptionShape]?
    var subcommands: [CommandShape]?

    func isCalled(_ word: String) -> Bool { commandName == word || aliases?.contains(word) == true }

    func option(_ kind: OptionShape.Name.Kind, _ name: String) -> OptionShape? {
        arguments?.first { $0.names?.contains { $0.kind == kind && $0.name == name } == true }
    }

    var positionals: Int { arguments?.count { $0.kind == .positional } ?? 0 }

    /// Whether everything from the first argument on is for somebody else.
    var passesThrough: Bool { arguments?.contains { $0.parsingStrategy == "allRemainingInput" } == true }
}

private struct OptionShape: Decodable {
    struct Name: Decodable {
        enum Kind: String, Decodable {
            case long, short, longWithSingleDash
        }
        var kind: Kind
        var name: String
    }
    enum Kind: String, Decodable {
        case positional, option, flag
    }
    var kind: Kind
    var names: [Name]?
    var valueName: String?
    var parsingStrategy: String?

    var longName: String { names?.first { $0.kind == .long }?.name ?? "" }
    /// A flag, or an option whose value is true or false and need not be given.
    var isBoolean: Bool { kind == .flag || valueName == "bool" }
    /// As pflag names it: `-f, --force`.
    var title: String {
        let short = names?.first { $0.kind == .short }.map { "-\($0.name), " } ?? ""
        return "\(short)--\(longName)"
    }
}
