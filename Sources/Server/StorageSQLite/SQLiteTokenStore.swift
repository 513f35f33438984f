package import Fleet
import Foundation
import GRDB
package import Vocabulary

extension SQLiteStore: TokenStore {
    package func add(_ token: BuildToken, hash: [UInt8]) async throws(Failure) {
        try await write("keep a token") { db in
            try db.kept("INSERT INTO token (hash, created, ends, note, uses, scope) VALUES (?, ?, ?, ?, ?, ?)").execute(
                arguments: [
                    Data(hash), token.created, token.ends, token.note, token.uses,
                    try token.scope.map { try encode($0.map(\.text)) },
                ])
        }
    }

    package func admit(
        hash: [UInt8], for machine: MachineID?, spends: Bool, now: Double
    ) async throws(Failure) -> BuildToken {
        let hash = Data(hash)
        // A machine that is known to the token already needs no write, which would have to reach the disk.
        let (found, isNoted) = try await read("check a token") { db in
            let token = try Self.token(hash, db)
            return (token, !spends || machine.map { token?.machines.contains($0) ?? true } ?? true)
        }
        if isNoted { return try Self.admit(found, machine, now) }
        return try await write("note a token's machine") { db in
            var token = try Self.admit(try Self.token(hash, db), machine, now)
            guard let machine, !token.machines.contains(machine) else { return token }
            try db.kept("INSERT INTO token_machine (hash, machine) VALUES (?, ?)").execute(arguments: [
                hash, machine.text,
            ])
            token.machines.append(machine)
            return token
        }
    }

    private static func admit(_ token: BuildToken?, _ machine: MachineID?, _ now: Double) throws(Failure) -> BuildToken
    {
        guard let token else { throw BuildToken.refusal("is unknown") }
        if let obstacle = token.obstacle(for: machine, now: now) { throw obstacle }
        return token
    }

    package func tokens() async throws(Failure) -> [BuildToken] {
        try await read("list the tokens") { db in
            try Data.fetchAll(db.kept("SELECT hash FROM token ORDER BY created, hash")).compactMap {
                try Self.token($0, db)
            }
        }
    }

    package func revoke(token id: String, now: Double) async throws(Failure) -> BuildToken? {
        try await write("revoke a token") { db in
            let found = try Data.fetchAll(db.kept("SELECT hash FROM token")).filter {
                BuildToken.id(of: Array($0)) == id
            }
            for hash in found {
                try db.kept("UPDATE token SET revoked = coalesce(revoked, ?) WHERE hash = ?").execute(arguments: [
                    now, hash,
                ])
            }
            return try found.first.flatMap { try Self.token($0, db) }
        }
    }

    private static func token(_ hash: Data, _ db: Database) throws -> BuildToken? {
        guard let row = try Row.fetchOne(db.kept("SELECT * FROM token WHERE hash = ?"), arguments: [hash]) else {
            return nil
        }
        func machine(_ text: String) throws -> MachineID {
            guard let machine = MachineID(text) else {
                throw Failure(.storeUnavailable, "a token of the store names the machine '\(text)'")
            }
            return machine
        }
        let scope: String? = row["scope"]
        return BuildToken(
            hash: Array(hash), note: row["note"], created: row["created"], ends: row["ends"], uses: row["uses"],
            scope: try scope.map { try decode([String].self, $0).map(machine) }, revoked: row["revoked"],
            machines: try String.fetchAll(
                db.kept("SELECT machine FROM token_machine WHERE hash = ? ORDER BY rowid"), arguments: [hash]
            ).map(machine))
    }
}

extension SQLiteStore: RevocationStore {
    package func revoke(_ revocation: Revocation) async throws(Failure) {
        try await write("keep a revocation") { db in
            try db.kept("INSERT OR IGNORE INTO revocation (serial, reason, at) VALUES (?, ?, ?)").execute(arguments: [
                revocation.serial, revocation.reason, revocation.at,
            ])
        }
    }

    package func revocations() async throws(Failure) -> [Revocation] {
        try await read("list the revocations") { db in
            try Row.fetchAll(db.kept("SELECT * FROM revocation ORDER BY at, serial")).map {
                Revocation(serial: $0["serial"], reason: $0["reason"], at: $0["at"])
            }
        }
    }
}
