import ContainerNetwork

/// Values of `--publish`, one a line: joined once, there is nothing left to join, and no port was lost or won.
func checkPublishedPorts(_ input: [UInt8]) {
    let texts = String(decoding: input, as: UTF8.self).split(separator: "\n").map(String.init)
    // Text that is no port is refused: nothing to look at.
    guard let mappings = try? texts.map(PublishedPort.parse), let merged = try? PublishedPort.merge(mappings) else {
        return
    }
    require((try? PublishedPort.merge(merged)) == merged, "joined twice, \(texts) is other than joined once")
    require(ports(of: merged) == ports(of: mappings), "joined, \(texts) is other ports")
    for mapping in merged where mapping.hostPort > 0 {
        require(Int(mapping.hostPort) + Int(mapping.range) <= 65536, "\(mapping) leads past the last port")
    }
}

/// Every single port that is published.
private func ports(of mappings: [PortMapping]) -> Set<PortMapping> {
    var single: Set<PortMapping> = []
    for mapping in mappings {
        for offset in 0..<mapping.range {
            var port = mapping
            port.range = 1
            port.containerPort += offset
            // A port that is yet to be chosen is one for each.
            if mapping.hostPort > 0 { port.hostPort += offset }
            single.insert(port)
        }
    }
    return single
}
