internal import LinuxSys
internal import TOMLReader

/// Which files of containers.conf(5)'s format are read, and in which order.
public struct ConfigurationFiles: Hashable, Sendable {
    /// `CONTAINERS_CONF`: the file to be read in place of the system's; these if nil.
    public var only: String?
    /// `CONTAINERS_CONF_OVERRIDE`: a file to be read last, besides.
    public var last: String?
    /// The system's files, which need not be there; what a later one says counts.
    public var system = ["/usr/share/containers/containers.conf", "/etc/containers/containers.conf"]
    /// The directory of files `*.conf` that are read after those, in the order of their names.
    public var dropIns = "/etc/containers/containers.conf.d"

    /// The system's files.
    ///
    /// - Parameters:
    ///   - only: a file in their place.
    ///   - last: one to be read besides.
    public init(only: String? = nil, last: String? = nil) {
        self.only = only
        self.last = last
    }

    /// Reads the files; those of the system that are not there have nothing to say.
    ///
    /// - Throws: `EngineError` naming the file, the line, and what is wrong there.
    func load() throws(EngineError) -> ContainersConfiguration {
        var configuration = ContainersConfiguration()
        if let only {
            configuration.override(with: try Self.named(only, "CONTAINERS_CONF"))
        } else {
            for path in system + (try dropInFiles()) {
                if let found = try Self.read(path) { configuration.override(with: found) }
            }
        }
        if let last { configuration.override(with: try Self.named(last, "CONTAINERS_CONF_OVERRIDE")) }
        return configuration
    }

    private func dropInFiles() throws(EngineError) -> [String] {
        do throws(Errno) {
            return try File.names(in: dropIns).filter { $0.hasSuffix(".conf") }.sorted().map { "\(dropIns)/\($0)" }
        } catch {
            throw EngineError("read \(dropIns): \(error)")
        }
    }

    /// A file that somebody named, so that it must be there.
    private static func named(_ path: String, _ variable: String) throws(EngineError) -> ContainersConfiguration {
        guard let found = try read(path) else {
            throw EngineError("\(variable) file: stat \(path): no such file or directory")
        }
        return found
    }

    private static func read(_ path: String) throws(EngineError) -> ContainersConfiguration? {
        let text: String
        do throws(Errno) { text = try File.readText(path, limit: 1 << 20) } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw EngineError("read \(path): \(error)")
        }
        do throws(TOMLError) { return try TOMLText(text).decode(ContainersConfiguration.self) } catch {
            throw EngineError("decode configuration \(path): \(error)")
        }
    }
}
