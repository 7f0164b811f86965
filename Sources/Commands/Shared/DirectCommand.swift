internal import ArgumentParser
internal import Synchronization

/// A command line whose command is plain to see, parsed by the options of that command alone.
///
/// The parser's tree of all commands and its look for completion scripts take longer than most commands. So such a line
/// is parsed by a tree of one command; lines that this cannot read, and those that ask for help, are left to the whole
/// tree.
struct DirectCommand: ParsableCommand {
    private static let asked = Mutex<(any ParsableCommand.Type)?>(nil)

    static var configuration: CommandConfiguration {
        // With a name above it, the parser does not take it for the root, where options for completion scripts are.
        CommandConfiguration(
            _superCommandName: "", subcommands: asked.withLock { $0.map { [$0] } ?? [] }, helpNames: [])
    }

    /// The command that the line is; nil when it is not that plain.
    static func parse(line arguments: [String]) throws -> (any ParsableCommand)? {
        let leading = Invocation.leadingOptions(of: arguments)
        guard let (type, rest) = command(arguments[leading.endIndex...]) else { return nil }
        asked.withLock { $0 = type }
        let command = try parseAsRoot([type._commandName] + rest)
        guard Swift.type(of: command) == type else { return nil }
        if !leading.isEmpty {
            // Whatever the parser has to say of these, it says as to the whole line.
            guard let global = try? GlobalOptions.parse(Array(leading)) else { return nil }
            Invocation.remember(global.values)
        }
        return command
    }

    /// The command that the first words name, and the words after it; nil when they name none, or a group of commands.
    private static func command(_ words: ArraySlice<String>) -> (any ParsableCommand.Type, ArraySlice<String>)? {
        var rest = words
        var commands = RootCommand.commands.flatMap(\.value)
        while let word = rest.popFirst(), let command = commands.first(where: { $0.isCalled(word) }) {
            commands = command.configuration.subcommands
            if commands.isEmpty { return (command, rest) }
        }
        return nil
    }
}

extension ParsableCommand {
    fileprivate static func isCalled(_ word: String) -> Bool {
        _commandName == word || configuration.aliases.contains(word)
    }
}
