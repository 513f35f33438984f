import DiskInspection
import Testing

@Suite("The ruling")
struct RulingTests {
    private static let required: [ProbeID] = [.table, .signatures, .edges]
    private static let nothing = ProbeAnswer.absent(Coverage(planned: 10, read: 10))
    private static let clean: [ProbeID: ProbeAnswer] = [.table: nothing, .signatures: nothing, .edges: nothing]
    private static let factory = Set(FactoryCondition.allCases)

    private static func with(_ id: ProbeID, _ answer: ProbeAnswer?) -> [ProbeID: ProbeAnswer] {
        var answers = clean
        answers[id] = answer
        return answers
    }

    private static func found(_ weight: Evidence.Weight) -> ProbeAnswer { .present([Evidence(.content, weight, "it")]) }

    @Test("the order of danger is blank, factory, unknown, prior")
    func order() {
        #expect(DiskVerdict.allCases.shuffled().sorted() == [.blank, .factory, .unknown, .prior])
        #expect(DiskVerdict.allCases.map(\.exitStatus) == [0, 22, 21, 20])
    }

    @Test("blank needs every required probe, read in full, with nothing found")
    func blank() {
        #expect(rule(required: Self.required, answers: Self.clean).verdict == .blank)
    }

    @Test("an empty list of required probes proves nothing, whatever was answered")
    func emptyList() {
        #expect(rule(required: [], answers: Self.clean).verdict == .unknown)
        #expect(rule(required: [], answers: [:], factory: Self.factory).verdict == .unknown)
    }

    @Test("a probe that did not run, could not tell or read less is no proof", arguments: required)
    func missing(id: ProbeID) {
        let short = ProbeAnswer.absent(Coverage(planned: 10, read: 9))
        for answer in [nil, .indeterminate("child died"), short, .present([])] {
            let ruling = rule(required: Self.required, answers: Self.with(id, answer))
            #expect(ruling.verdict == .unknown)
            #expect(ruling.reasons.first?.contains(id.rawValue) == true)
            #expect(
                rule(required: Self.required, answers: Self.with(id, answer), factory: Self.factory).verdict
                    == .unknown)
        }
    }

    @Test(
        "each weight raises as far as it may, with and without a factory image",
        arguments: [
            (Evidence.Weight.blocking, DiskVerdict.prior, DiskVerdict.prior),
            (.unprovable, .unknown, .unknown), (.strong, .prior, .factory), (.weak, .unknown, .factory),
            (.information, .blank, .factory),
        ])
    func weights(weight: Evidence.Weight, alone: DiskVerdict, inFactory: DiskVerdict) {
        let answers = Self.with(.table, Self.found(weight))
        #expect(rule(required: Self.required, answers: answers).verdict == alone)
        #expect(rule(required: Self.required, answers: answers, factory: Self.factory).verdict == inFactory)
    }

    @Test("eleven of the twelve conditions are not a factory image")
    func almostFactory() {
        for missing in FactoryCondition.allCases {
            let answers = Self.with(.table, Self.found(.strong))
            #expect(
                rule(required: Self.required, answers: answers, factory: Self.factory.subtracting([missing])).verdict
                    == .prior)
        }
    }

    @Test("evidence of a probe that was not required counts too")
    func unasked() {
        #expect(rule(required: Self.required, answers: Self.with(.surface, Self.found(.weak))).verdict == .unknown)
    }

    @Test("no further evidence ever lowers a verdict")
    func monotone() {
        let answers: [ProbeAnswer] =
            [Self.nothing, .indeterminate("why")] + Evidence.Weight.allCases.map(Self.found)
        for first in answers {
            for second in answers {
                let before = rule(required: Self.required, answers: Self.with(.table, first)).verdict
                var both = Self.with(.table, first)
                both[.edges] = second
                #expect(rule(required: Self.required, answers: both).verdict >= before)
            }
        }
    }

    @Test("a machine is as bad as its worst part, and without parts unknown")
    func machine() {
        #expect(combine([]).verdict == .unknown)
        for worst in DiskVerdict.allCases {
            let parts = [("sda", Ruling(.blank, ["nothing"])), ("sdb", Ruling(worst, ["why"]))]
            #expect(combine(parts).verdict == worst)
        }
        #expect(combine([("sdb", Ruling(.prior, ["why"]))]).reasons == ["sdb: why"])
    }
}
