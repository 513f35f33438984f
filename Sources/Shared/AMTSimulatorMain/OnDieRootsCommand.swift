import AMTSimulator
import ArgumentParser

/// `on-die-roots`: what a server has to trust to believe the signatures of simulated processors.
struct OnDieRootsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on-die-roots",
        abstract: "Prints the authorities above simulated processors, PEM: issuing, intermediate, root.",
        discussion: "Their keys are public. A server for real machines must never trust them.")

    @Option(help: "As of `run`.") var onDieFamily = "simulated"

    func run() throws {
        print(try OnDieAuthority(family: onDieFamily, processor: "").makersAuthorities(), terminator: "")
    }
}
