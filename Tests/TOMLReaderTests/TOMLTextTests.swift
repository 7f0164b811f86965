import TOMLReader
import Testing

@Suite struct TOMLTextTests {
    struct Sample: Decodable, Equatable {
        var top: Int?
        var table: Table?
        var items: [Item]?

        struct Table: Decodable, Equatable {
            var words: [String]?
            var name: String?
            var deep: Deep?
        }
        struct Deep: Decodable, Equatable { var number: Int? }
        struct Item: Decodable, Equatable { var name: String? }
    }

    @Test func `comments, whole lines and ends of lines, mean nothing`() throws {
        let text = """
            # "one
              # two [
            top = 7 # three
            [table] # four
            words = [ # five
              # "six",
              "a#b", 'c#d',
            ]
            """
        let sample = try TOMLText(text).decode(Sample.self)
        #expect(sample.top == 7)
        #expect(sample.table?.words == ["a#b", "c#d"])
    }

    @Test(arguments: ["\"\"\"", "'''"]) func `what looks like a comment in a long string is kept`(fence: String) throws
    {
        let sample = try TOMLText("[table]\nname = \(fence)a\n# b\nc\(fence)").decode(Sample.self)
        #expect(sample.table?.name == "a\n# b\nc")
    }

    @Test(arguments: [
        ("top = = 1", 1), ("# a\n\n[table\n", 3), ("[table]\nname = \"a\nb\"", 2), ("\n\ntop = 1\ntop = 2\n", 4),
        ("[ ]", 1), ("top = [ } ]", 1), ("# a\ntop = 1\n[table]\n# b\nname = 3\n", 5),
        ("[table]\nwords = [\n'a',\n2]\n", 2), ("[table.deep]\nnumber = 'x'", 2), ("table.deep.number = 'x'", 1),
        ("[table]\ndeep = { number = 'x' }", 2), ("[\"table\"]\n'name' = 1", 2),
        ("[[items]]\nname = 'a'\n[[items]]\nname = 1", 4),
        ("top = 1\ntable = 4", 2),
    ])
    func `a mistake is told with its line`(text: String, line: Int) {
        let error = #expect(throws: TOMLError.self) { try TOMLText(text).decode(Sample.self) }
        #expect(error?.line == line, "\(error.map { "\($0)" } ?? "")")
    }
}
