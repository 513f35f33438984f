import Foundation
import TestKit
import Testing

@testable import AMTSimulator

@Suite("Port forwarding goes by the documented order")
struct APFSessionTests {
    private static func vectors() throws -> [String: [UInt8]] {
        let object = try JSONSerialization.jsonObject(with: Data(try Vectors.bytes("amt-vectors.json")))
        return try #require(object as? [String: String]).mapValues { bytes($0) }
    }

    private static func session(
        ports: [UInt32] = [16992, 623], _ change: (inout APFSession.Manners) -> Void = { _ in }
    ) -> APFSession {
        var manners = APFSession.Manners()
        change(&manners)
        return APFSession(
            uuid: [UInt8](repeating: 7, count: 16), name: "pc1.example.com", ports: ports, longestMessage: 8192,
            manners: manners)
    }

    private static let version = message(192, 1, 0, 254, data: [UInt8](repeating: 0, count: 80))
    private static let accept = [6] + text("pfwd@amt.intel.com")

    /// One whose ports are forwarded.
    private static func forwarding(_ change: (inout APFSession.Manners) -> Void = { _ in }) -> APFSession {
        var session = session(change)
        _ = session.begin()
        _ = session.receive(version)
        _ = session.receive(accept)
        return session
    }

    private static func open(
        _ sender: UInt32, window: UInt32 = 4096, port: UInt32 = 16992, type: String = "forwarded-tcpip"
    ) -> [UInt8] {
        let channel = [90] + text(type) + message(0, sender, window, .max).dropFirst()
        let target = text("::1") + word(port)
        return channel + target + text("::1") + word(123)
    }

    @Test("to the byte, from the version to the forwards", .enabled(if: Vectors.arePresent, Vectors.note))
    func vectors() throws {
        let all = try Self.vectors()
        var session = Self.session()
        let greeting = message(192, 1, 0, 254, data: [UInt8](repeating: 7, count: 16))
        #expect(session.begin() == [.send(greeting + [UInt8](repeating: 0, count: 64))])
        // rpc-go says its version and answers ours with another.
        #expect(session.receive(try #require(all["apf.pv.rpc"])) == [.send(try #require(all["apf.svcreq.pfwd"]))])
        #expect(session.receive(try #require(all["apf.pv.lms"])) == [])
        #expect(
            session.receive(try #require(all["apf.svcacc.pfwd"])) == [
                .send(try #require(all["apf.tcpfwd.16992"])), .send(try #require(all["apf.tcpfwd.623"])),
            ])
        #expect(session.receive(try #require(all["apf.reqok.16992"])) == [])
        #expect(
            session.receive(try #require(all["apf.open.rpc"])) == [
                .send(try #require(all["apf.openconf"])), .open(channel: 0, port: 16992),
            ])
        let request = try #require(all["apf.data"])
        #expect(
            session.receive(request) == [
                .send(message(93, 2, 22)), .data(channel: 0, Array(request.dropFirst(9))),
            ])
        #expect(session.receive(try #require(all["apf.ka"])) == [.send(try #require(all["apf.kar"]))])
        #expect(session.receive(try #require(all["apf.close"])) == [.send(message(97, 2)), .closed(channel: 0)])
        #expect(session.receive(try #require(all["apf.disc"])) == [.over])
    }

    @Test("TLS ports are forwarded as LMS opens them", .enabled(if: Vectors.arePresent, Vectors.note))
    func tls() throws {
        let all = try Self.vectors()
        var session = Self.session(ports: [16993, 664])
        _ = session.receive(Self.version)
        #expect(
            session.receive(Self.accept) == [
                .send(try #require(all["apf.tcpfwd.16993"])), .send(try #require(all["apf.tcpfwd.664"])),
            ])
        let opened = session.receive(try #require(all["apf.open.lms"]))
        #expect(opened.last == .open(channel: 0, port: 16993))
    }

    @Test("the version may come after the host's, and the firmware may log in, where the switches say so")
    func manners() {
        var quiet = Self.session { $0.greetsFirst = false }
        #expect(quiet.begin() == [])
        let version = message(192, 1, 0, 9, data: [UInt8](repeating: 0, count: 80))
        let greeting = message(192, 1, 0, 9, data: [UInt8](repeating: 7, count: 16))
        #expect(
            quiet.receive(version) == [
                .send(greeting + [UInt8](repeating: 0, count: 64)), .send([5] + text("pfwd@amt.intel.com")),
            ])
        var polite = Self.session { $0.logIn = .service }
        #expect(polite.receive(version) == [.send([5] + text("auth@amt.intel.com"))])
        #expect(polite.receive([6] + text("auth@amt.intel.com")) == [.send([5] + text("pfwd@amt.intel.com"))])
        var user = Self.session { $0.logIn = .user }
        _ = user.receive(version)
        let request = [50] + text("") + text("pfwd@amt.intel.com") + text("none")
        #expect(user.receive([6] + text("auth@amt.intel.com")) == [.send(request)])
        #expect(user.receive([52]) == [.send([5] + text("pfwd@amt.intel.com"))])
    }

    @Test("what breaks the order ends the session with DISCONNECT")
    func breaches() {
        let end: [APFSession.Event] = [.send(message(1, 2, data: [0, 0])), .over]
        var early = Self.session()
        #expect(early.receive(Self.open(2)) == end)
        #expect(early.receive(Self.version) == [], "and nothing begins anew")
        var unasked = Self.session()
        #expect(unasked.receive(Self.accept) == end)
        var short = Self.session()
        #expect(short.receive(Array(Self.version.dropLast())) == end)
        var other = Self.session()
        let newer = message(192, 2, 0, 9, data: [UInt8](repeating: 0, count: 80))
        #expect(other.receive(newer).first == .send(message(1, 8, data: [0, 0])))
        var open = Self.forwarding()
        _ = open.receive(Self.open(2))
        #expect(open.receive(message(94, 0, 9, data: [1])) == [.closed(channel: 0)] + end, "counts more than there is")
        var unknown = Self.forwarding()
        #expect(unknown.receive([200, 1, 2]) == [] && unknown.receive([]) == [])
    }

    @Test("there are eight channels, numbered from 0, and one that closes is free again")
    func channels() {
        var session = Self.forwarding()
        for number in 0..<8 as Range<UInt32> {
            let answer = session.receive(Self.open(20 + number))
            #expect(
                answer == [
                    .send(message(91, 20 + number, number, 4096, .max)),
                    .open(channel: number, port: 16992),
                ])
        }
        #expect(session.receive(Self.open(40)) == [.send(message(92, 40, 4, 0, 0))])
        #expect(session.receive(message(97, 3)) == [.send(message(97, 23)), .closed(channel: 3)])
        #expect(session.receive(Self.open(41)).last == .open(channel: 3, port: 16992))
        #expect(session.receive(message(97, 77)) == [], "a close of none")
    }

    @Test("a port that is not forwarded and another type of channel are refused with their reasons")
    func refused() {
        var session = Self.forwarding()
        #expect(session.receive(Self.open(2, port: 16993)) == [.send(message(92, 2, 1, 0, 0))])
        let other = Self.open(2, type: "direct-tcpip")
        #expect(session.receive(other) == [.send(message(92, 2, 3, 0, 0))])
    }

    @Test("no more is sent than the host has room for, and no message is longer than the client's")
    func windows() {
        var session = Self.forwarding()
        _ = session.receive(Self.open(2, window: 100))
        let answer = Array(repeating: UInt8(1), count: 250)
        #expect(session.answer(answer, on: 0) == [.send(message(94, 2, 100, data: Array(answer.prefix(100))))])
        #expect(session.receive(message(93, 0, 30)) == [.send(message(94, 2, 30, data: Array(answer.prefix(30))))])
        #expect(session.receive(message(93, 0, 500)) == [.send(message(94, 2, 120, data: Array(answer.prefix(120))))])
        _ = session.receive(message(93, 0, 1_000_000))
        let long = [UInt8](repeating: 2, count: 9000)
        #expect(
            session.answer(long, on: 0) == [
                .send(message(94, 2, 8183, data: Array(long.prefix(8183)))),
                .send(message(94, 2, 817, data: Array(long.prefix(817)))),
            ])
    }

    @Test("more than its own window is taken, as rpc-go sends it")
    func overSending() {
        var session = Self.forwarding()
        _ = session.receive(Self.open(2))
        let much = [UInt8](repeating: 9, count: 8000)
        #expect(
            session.receive(message(94, 0, 8000, data: much)) == [
                .send(message(93, 2, 8000)), .data(channel: 0, much),
            ])
    }

    @Test("the close comes only after the host has made room for the last data, or when it is insisted on")
    func close() {
        var session = Self.forwarding()
        _ = session.receive(Self.open(2))
        _ = session.answer([1, 2, 3], on: 0)
        #expect(session.end(0) == [])
        #expect(session.receive(message(93, 0, 2)) == [])
        #expect(session.receive(message(93, 0, 1)) == [.send(message(97, 2))])
        #expect(session.insist(0) == [], "once")
        #expect(session.receive(message(94, 0, 1, data: [5])) == [], "nobody listens there any more")
        #expect(session.receive(message(97, 0)) == [.closed(channel: 0)])
        _ = session.receive(Self.open(3))
        _ = session.answer([1], on: 0)
        _ = session.end(0)
        #expect(session.insist(0) == [.send(message(97, 3))])
        // A service that says nothing closes at once.
        _ = session.receive(Self.open(4))
        #expect(session.end(1) == [.send(message(97, 4))])
    }

    @Test("closes of channel 0 come for no reason where the switch says so")
    func staleCloses() {
        var session = Self.session { $0.saysStaleCloses = true }
        _ = session.receive(Self.version)
        #expect(session.receive(Self.accept).last == .send(message(97, 0)))
        #expect(session.receive(Self.open(2)).first == .send(message(97, 0)))
        var usual = Self.forwarding()
        #expect(usual.receive(Self.open(2)).count == 2)
    }

    @Test("the session goes with its first channel where the switch says so")
    func dropped() {
        var session = Self.forwarding { $0.dropsWithChannel = true }
        _ = session.receive(Self.open(2))
        _ = session.receive(Self.open(3))
        #expect(
            session.receive(message(97, 0)) == [.send(message(97, 2)), .closed(channel: 0), .closed(channel: 1), .over])
        #expect(session.receive(Self.open(4)) == [])
    }

    @Test("a new name or other ports take forwards back and ask anew", .enabled(if: Vectors.arePresent, Vectors.note))
    func renewed() throws {
        let cancel = try #require(try Self.vectors()["apf.cancel"])
        var session = Self.forwarding()
        #expect(session.renew(name: "pc1.example.com", ports: [16992, 623]) == [])
        let told = session.renew(name: "pc1.example.com", ports: [16993, 664])
        #expect(told.first == .send(cancel) && told.count == 4)
        #expect(session.receive(Self.open(2, port: 16993)).last == .open(channel: 0, port: 16993))
        let renamed = session.renew(name: "pc2.example.com", ports: [16993, 664])
        let name = text("tcpip-forward") + [1] + text("pc2.example.com")
        #expect(renamed.count == 4 && renamed.last == .send([80] + name + word(664)))
        var early = Self.session()
        #expect(early.renew(name: "x", ports: []) == [])
    }
}

private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - $0 * 8)) } }

private func message(_ kind: UInt8, _ words: UInt32..., data: [UInt8] = []) -> [UInt8] {
    [kind] + words.flatMap(word) + data
}

private func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + Array(text.utf8) }
