extension MountRequest {
    /// Parses `--mount`: `type=bind|volume|tmpfs,source=…,target=…`, and options of which some have values.
    ///
    /// - Throws: `EngineError`, in Podman's words, naming the option at fault.
    public init(mount text: String) throws {
        var fields = text.split(separator: ",", omittingEmptySubsequences: false).map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (key: parts[0], value: parts.count > 1 ? parts[1] : nil)
        }
        guard let place = fields.firstIndex(where: { $0.key == "type" }), let type = fields.remove(at: place).value
        else {
            throw EngineError(
                "incorrect mount format: should be --mount type=<bind|tmpfs|volume>,[src=<host-dir|volume-name>,]"
                    + "target=<ctr-dir>[,options]")
        }
        guard ["bind", "volume", "tmpfs"].contains(type) else {
            guard ["devpts", "image", "ramfs", "glob"].contains(type) else {
                throw EngineError("invalid filesystem type \"\(type)\"")
            }
            throw EngineError("--mount type=\(type) is not there yet")
        }
        self.init(source: nil, destination: "", isTmpfs: type == "tmpfs")
        for field in fields { try take(field.key, field.value, type) }
        guard !destination.isEmpty else { throw EngineError("must set volume destination") }
        guard destination.hasPrefix("/") else {
            throw EngineError("invalid container path \"\(destination)\", must be an absolute path")
        }
        if type == "bind" {
            let path = source ?? destination
            // What is no path would be a volume's name.
            source = path.hasPrefix("/") || path.hasPrefix(".") ? path : "./\(path)"
        }
    }

    private mutating func take(_ key: String, _ value: String?, _ type: String) throws {
        let isOn = ![false.description, "0", "f"].contains(value ?? "true")
        switch (key, type) {
        case ("source", _), ("src", _):
            guard type != "tmpfs" else { throw EngineError("\(key): invalid mount option") }
            guard let value, !value.isEmpty else { throw EngineError("host directory cannot be empty") }
            source = value
        case ("target", _), ("destination", _), ("dst", _):
            guard let value, !value.isEmpty else { throw EngineError("container directory cannot be empty") }
            destination = value
        case ("ro", _), ("readonly", _): options.append(isOn ? "ro" : "rw")
        case ("rw", _): options.append(isOn ? "rw" : "ro")
        case ("exec", _), ("dev", _), ("suid", _): options.append(isOn ? key : "no\(key)")
        case ("noexec", _), ("nodev", _), ("nosuid", _): options.append(isOn ? key : String(key.dropFirst(2)))
        case ("bind-propagation", "bind"): options.append(value ?? "")
        case ("bind-nonrecursive", "bind"): options.append(isOn ? "bind" : "rbind")
        case ("shared", "bind"), ("rshared", "bind"), ("private", "bind"), ("rprivate", "bind"), ("slave", "bind"),
            ("rslave", "bind"), ("unbindable", "bind"), ("runbindable", "bind"):
            options.append(key)
        case ("relabel", _) where ["shared", "private"].contains(value): return
        case ("U", "bind"), ("U", "volume"), ("chown", "bind"), ("chown", "volume"): if isOn { options.append("U") }
        case ("tmpfs-size", "tmpfs"), ("size", "tmpfs"): options.append("size=\(value ?? "")")
        case ("tmpfs-mode", "tmpfs"), ("mode", "tmpfs"): options.append("mode=\(value ?? "")")
        case ("tmpcopyup", "tmpfs"), ("notmpcopyup", "tmpfs"): options.append(key)
        case ("consistency", _): return
        default: throw EngineError("\(key): invalid mount option")
        }
    }
}
