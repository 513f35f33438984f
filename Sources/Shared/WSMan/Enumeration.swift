package import LibXML

/// Opens an enumeration of a class's instances.
package struct Enumerate<Class: WSManClass>: WSManOperation {
    package static var resource: ResourceClass { Class.resource }
    package static var verb: Verb { .enumerate }

    package init() {}

    /// The context to pull with.
    package static func output(from body: XMLElement?) throws(WSManFault) -> String {
        guard let body, body.name == "EnumerateResponse", body.namespace == Namespace.enumeration,
            let context = body["EnumerationContext"]?.text, !context.isEmpty
        else { throw .unreadable("\(title): the answer opens no enumeration") }
        return context
    }
}

/// Takes the next instances of an enumeration.
package struct Pull<Class: WSManClass>: WSManOperation {
    package static var resource: ResourceClass { Class.resource }
    package static var verb: Verb { .pull }

    package let context: String

    package init(_ context: String) { self.context = context }

    package var input: [XMLElement] {
        [("EnumerationContext", context), ("MaxElements", "999"), ("MaxCharacters", "99999")]
            .map { XMLElement($0.0, in: Namespace.enumeration, text: $0.1) }
    }

    /// What one pull brought.
    package struct Page: Sendable {
        package let instances: [Class.Instance]
        /// What to pull with next; `nil` when nothing is left.
        package let next: Next?
    }

    /// How an unfinished enumeration goes on.
    package enum Next: Hashable, Sendable {
        /// With the context of this pull.
        case same
        /// With the context that the answer brought.
        case context(String)
    }

    /// Reads both forms in which firmware answers.
    ///
    /// Either `Items` and then `EndOfSequence`, or an `EnumerationContext` before `Items` and no end, even when nothing
    /// is left.
    package static func output(from body: XMLElement?) throws(WSManFault) -> Page {
        guard let body, body.name == "PullResponse", body.namespace == Namespace.enumeration else {
            throw .unreadable("\(title): expected PullResponse, got \(body?.name ?? "an empty body")")
        }
        var instances: [Class.Instance] = []
        for item in body["Items"]?.children ?? [] { instances.append(try Class.instance(from: item)) }
        // An empty page without an end is an end: nothing would come of asking again.
        if body["EndOfSequence"] != nil || instances.isEmpty { return Page(instances: instances, next: nil) }
        let context = body["EnumerationContext"]?.text ?? ""
        return Page(instances: instances, next: context.isEmpty ? .same : .context(context))
    }
}

extension WSManSession {
    /// How many pulls an enumeration may take.
    ///
    /// A pull asks for 999 instances, and no class of a firmware has that many.
    package static let mostPulls = 100

    /// Reads every instance of a class.
    ///
    /// - Parameter kind: The class.
    /// - Returns: The instances in the firmware's order, which is not guaranteed.
    /// - Throws: ``WSManFault``; ``WSManFault/unreadable(_:)`` when the enumeration does not end.
    package func enumerate<Class: WSManClass>(_ kind: Class.Type) async throws(WSManFault) -> [Class.Instance] {
        var context = try await perform(Enumerate<Class>())
        var instances: [Class.Instance] = []
        for _ in 0..<Self.mostPulls {
            let page: Pull<Class>.Page
            do throws(WSManFault) { page = try await perform(Pull<Class>(context)) } catch {
                // After an answer that named no end, the firmware may have forgotten the context: that was the end.
                if case .fault("InvalidEnumerationContext", _, _) = error, !instances.isEmpty { return instances }
                throw error
            }
            instances += page.instances
            switch page.next {
            case nil: return instances
            case .same?: break
            case .context(let next)?: context = next
            }
        }
        throw .unreadable("the enumeration of \(Class.resource.name) did not end after \(Self.mostPulls) pulls")
    }
}
