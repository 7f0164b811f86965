import ContainerNetwork

/// resolv.conf, hosts and `--add-host`, as they may stand on any host.
func checkHostFiles(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let resolver = ResolvConf(parsing: text)
    for word in resolver.servers + resolver.search + resolver.options {
        require(!word.isEmpty && !word.contains(where: \.isWhitespace), "the word ‘\(word)’ in resolv.conf")
    }

    var hosts = HostsFile()
    hosts.base = text
    hosts.ownNames = ["name"]
    // What the file becomes is a file that becomes itself.
    var again = hosts
    again.base = hosts.text
    require(again.text == hosts.text, "the hosts file ‘\(hosts.text)’ becomes ‘\(again.text)’")

    // Text that is no entry is refused: nothing to look at.
    if let entry = try? HostsFile.parseAdded(text, hostAddress: nil) {
        require(!entry.address.isEmpty && entry.names.allSatisfy { !$0.isEmpty }, "an empty part of ‘\(text)’")
    }
}
