/* SPDX-License-Identifier: MIT */
/* ccwring/ccwring.h - the whole of libccwring */
#ifndef _CCWRING_CCWRING_H
#define _CCWRING_CCWRING_H

#include <ccwring/bytes.h>
#include <ccwring/ccw.h>
#include <ccwring/device.h>
#include <ccwring/dma.h>
#include <ccwring/eckd.h>
#include <ccwring/irb.h>
#include <ccwring/log.h>
#include <ccwring/orb.h>
#include <ccwring/program.h>
#include <ccwring/ring.h>
#include <ccwring/subchannel.h>
#include <ccwring/version.h>

#endif
