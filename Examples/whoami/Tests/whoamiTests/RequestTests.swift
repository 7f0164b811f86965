import Testing

@testable import whoami

@Suite struct RequestTests {
    @Test(
        "A request line and fields are kept as they came",
        arguments: [
            "GET /a?b HTTP/1.1\r\nHost: web1:8080\r\nX-Two:  a b\t\r\n",
            "GET /a?b HTTP/1.1\nHost:web1:8080\nX-Two: a b\n",
        ])
    func wellFormed(head: String) throws {
        let request = try #require(Request(head: Array(head.utf8)))
        #expect(request.line == "GET /a?b HTTP/1.1")
        #expect(request.fields.map(\.name) == ["Host", "X-Two"])
        #expect(request.fields.map(\.value) == ["web1:8080", "a b"])
    }

    @Test(
        "What is not HTTP/1 is refused",
        arguments: [
            "", "GET", "GET /", "GET  HTTP/1.1", "GET / HTTP/2", "GET / HTTP/1.1 x", " / HTTP/1.1",
            "GET / HTTP/1.1\r\nno colon", "GET / HTTP/1.1\r\n: no name",
        ])
    func malformed(head: String) {
        #expect(Request(head: Array(head.utf8)) == nil)
    }

    @Test("The end of the head is found in whatever pieces it comes", arguments: ["\r\n", "\n"])
    func headInPieces(lineEnd: String) {
        let whole = Array("GET / HTTP/1.1\(lineEnd)Host: a\(lineEnd)\(lineEnd)body".utf8)
        let end = headEnd(in: whole, from: 0)
        #expect(end.map { String(decoding: whole[..<$0], as: UTF8.self).hasPrefix("GET / HTTP/1.1") } == true)
        for first in 0..<whole.count {
            let early = headEnd(in: Array(whole[..<first]), from: 0)
            #expect(early == nil || early == end)
            #expect((early ?? headEnd(in: whole, from: first)) == end, "first piece: \(first) bytes")
        }
    }

    @Test("The reply names the host, its addresses, the peer and the request")
    func reply() throws {
        let head = "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.0.1\r\nAccept: */*"
        let request = try #require(Request(head: Array(head.utf8)))
        let reply = Reply.whoami(request, peer: "10.89.0.1:58528", host: "web1", addresses: ["127.0.0.1", "::1"])
        let body = """
            Hostname: web1
            IP: 127.0.0.1
            IP: ::1
            RemoteAddr: 10.89.0.1:58528
            GET / HTTP/1.1
            Host: localhost:8080
            User-Agent: curl/8.0.1
            Accept: */*

            """
        #expect(reply.body == body)
        let sent = String(decoding: reply.bytes(), as: UTF8.self)
        #expect(sent.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(sent.hasSuffix("\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"))
        #expect(String(decoding: reply.bytes(headOnly: true), as: UTF8.self).hasSuffix("\r\n\r\n"))
    }

    @Test("The loopback addresses come first, without a scope")
    func addresses() {
        let addresses = hostAddresses()
        #expect(addresses.first == "127.0.0.1")
        #expect(addresses.allSatisfy { !$0.contains("%") })
    }
}
