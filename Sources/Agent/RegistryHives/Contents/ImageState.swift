/// What `ImageState` means here.
///
/// The words are those of Microsoft's "Windows Setup States"; none is enough for a factory image by itself, because a used
/// machine can be sealed again.
package enum ImageState: Hashable, Sendable {
    /// Installed and set up.
    case complete
    /// A vendor's image before its first start, if nothing else speaks against it.
    case sealed
    /// As sealed, but also what sealing a used machine leaves.
    case specialized
    /// A phase is not finished, or somebody is still preparing it; also words that are not known.
    case unfinished

    package init(_ word: String) {
        self =
            switch word {
            case "IMAGE_STATE_COMPLETE": .complete
            case "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE": .sealed
            case "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE": .specialized
            default: .unfinished
            }
    }
}
