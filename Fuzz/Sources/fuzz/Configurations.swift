import ContainerNetwork
import TOMLReader
import WirePrimitives

@testable import ContainerEngine

/// containers.conf: a file is refused with a line of it, or what it says can be used; over another it counts alone.
func checkContainersConfiguration(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let configuration: ContainersConfiguration
    do throws(TOMLError) { configuration = try TOMLText(text).decode(ContainersConfiguration.self) } catch {
        if let line = error.line {
            let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            require((1...lines).contains(line), "line \(line) of \(lines)")
        }
        return
    }
    require(!configuration.subnetPools.contains { $0.blockLength < $0.base.prefixLength }, "a pool without a block")
    require(
        configuration.defaultNetwork.subnets.allSatisfy { $0.gateway.map($0.subnet.contains) ?? false }, "a gateway")
    require(configuration.namesPort > 0, "port 0")
    var over = configuration
    over.override(with: configuration)
    require(over == configuration, "a file over itself says other things")
    var empty = ContainersConfiguration()
    empty.override(with: configuration)
    require(empty == configuration, "a file alone says other things")
}
