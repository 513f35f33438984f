package import LibXML
import Vocabulary

/// One call that the firmware's WS-Management service takes.
///
/// An operation is a value with its own ``Output``. A reply is read only as the output of the operation that asked for
/// it, so an answer can never be checked against another call's result.
package protocol WSManOperation<Output>: Sendable {
    associatedtype Output: Sendable

    /// The resource class, spelled as the firmware spells it.
    static var resource: ResourceClass { get }

    /// What is done to it.
    static var verb: Verb { get }

    /// Which instance it is done to; empty for a class with a single one.
    var selectors: [Selector] { get }

    /// What the body's one element holds.
    ///
    /// For a method its parameters, in the order in which the class's schema lists them; for ``Verb/put`` and
    /// ``Verb/create`` the properties. It is asked for while the envelope is built and not kept: a secret is revealed
    /// here and nowhere else.
    var input: [XMLElement] { get }

    /// What the class's reference says of each return value but 0.
    static var refusals: [UInt32: String] { get }

    /// Reads the one element inside the reply's `Body`; `nil` when the body is empty.
    static func output(from body: XMLElement?) throws(WSManFault) -> Output
}

extension WSManOperation {
    package var selectors: [Selector] { [] }
    package var input: [XMLElement] { [] }
    package static var refusals: [UInt32: String] { [:] }

    /// `AMT_GeneralSettings.Get`, for errors and logs.
    package static var title: String { "\(resource.name).\(verb)" }

    /// A parameter or a property in the namespace of the class.
    package static func element(_ name: String, _ text: String) -> XMLElement {
        XMLElement(name, in: resource.uri, text: text)
    }

    /// Checks a method's reply and gives its `<Method>_OUTPUT` element.
    ///
    /// - Returns: The element, whose `ReturnValue` is 0.
    /// - Throws: ``WSManFault/refused(_:)`` for any other value, ``WSManFault/unreadable(_:)`` for another element or none.
    package static func accepted(_ body: XMLElement?) throws(WSManFault) -> XMLElement {
        let name = "\(verb)_OUTPUT"
        guard let body, body.name == name, body.namespace == resource.uri else {
            throw .unreadable("\(title): expected \(name), got \(body?.name ?? "an empty body")")
        }
        guard let text = body["ReturnValue"]?.text, let word = UInt32(text) else {
            throw .unreadable("\(title): the answer has no ReturnValue that is a number")
        }
        guard word == 0 else {
            let common = resource.answersWithPTStatus ? PTStatus.names[word] : nil
            throw .refused(Refusal(method: title, word: word, meaning: refusals[word] ?? common))
        }
        return body
    }
}

extension WSManOperation where Output == Void {
    /// The usual reply: `<Method_OUTPUT><ReturnValue>0</ReturnValue></Method_OUTPUT>`.
    package static func output(from body: XMLElement?) throws(WSManFault) { _ = try accepted(body) }
}
