#include "CMEI.h"
