/// How a drive is to be asked about itself.
enum DriveKind {
    case image, virtual, nvme, ata, other

    init(_ device: BlockDevice) {
        guard let name = device.kernelName else {
            self = device.isUntold ? .other : .image
            return
        }
        let place = device.place.split(separator: "/")
        if ["vd", "xvd", "loop"].contains(where: name.hasPrefix) {
            self = .virtual
        } else if name.hasPrefix("nvme") {
            self = .nvme
        } else if name.hasPrefix("sd"), place.contains(where: { $0.hasPrefix("ata") }) {
            self = .ata
        } else {
            self = .other
        }
    }
}
