#include "CSimulatedMEI.h"
