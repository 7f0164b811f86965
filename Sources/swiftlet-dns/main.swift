import DNSService

Launch.runAndExit()
