import DHCPService
import DNSService

if CommandLine.arguments.dropFirst().first == "lease" {
    LeaseLaunch.runAndExit(CommandLine.arguments.dropFirst(2))
}
Launch.runAndExit()
