// SPDX-License-Identifier: GPL-2.0-only
/*
 * hercon - a complete and quick way out of a guest of the Hercules emulator
 *
 * The consoles Hercules emulates lose lines (SCLP), or cut them at 150 bytes and
 * print ten a second (3215).  DIAGNOSE X'8' passes a command to the emulator,
 * and its command MSGNOH writes a line to the emulator's log: at once, whole, in
 * order, and from any context, a panic's included.  This module offers it as
 *
 *	a kernel console	each line marked with a leading "K: ",
 *	/dev/hercon		lines of text written to it are logged as they are,
 *	/dev/hercmd		a line written is run as a command of the emulator's
 *				panel, and its answer can be read back.
 *
 * Text passes through EBCDIC on its way: only letters, digits and the common
 * punctuation survive, which is why user space sends base64.
 *
 * Hercules needs "DIAG8CMD ENABLE NOECHO" in its configuration.
 */
#include <linux/console.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpcmd.h>

#define HERCON_MSG	"MSGNOH * "
/* The longest command cpcmd() takes is 240 bytes. */
#define HERCON_LINE	(240 - (sizeof(HERCON_MSG) - 1))
#define HERCON_WRITE	(64 * 1024)
#define HERCON_ANSWER	PAGE_SIZE

static DEFINE_MUTEX(hercon_cmd_lock);
static char *hercon_answer;
static size_t hercon_answer_len;

static void hercon_line(const char *mark, const char *text, size_t len)
{
	char cmd[240 + 1];

	/* An empty message would be taken for a mistake in the command. */
	if (!len && !*mark) {
		text = " ";
		len = 1;
	}
	snprintf(cmd, sizeof(cmd), HERCON_MSG "%s%.*s", mark, (int)len, text);
	cpcmd(cmd, NULL, 0, NULL);
}

static void hercon_lines(const char *mark, const char *text, size_t len)
{
	const size_t room = HERCON_LINE - strlen(mark);

	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? newline - text : len;
		size_t piece = min(n, room);

		hercon_line(mark, text, piece);
		/* Step over the newline that was reached, and only over that. */
		piece += newline && piece == n;
		text += piece;
		len -= piece;
	}
}

static void hercon_console_write(struct console *con, const char *text, unsigned int len)
{
	hercon_lines("K: ", text, len);
}

static struct console hercon_console = {
	.name	= "hercon",
	.write	= hercon_console_write,
	.flags	= CON_PRINTBUFFER | CON_ENABLED | CON_ANYTIME,
	.index	= -1,
};

static ssize_t hercon_write(struct file *file, const char __user *buf, size_t count,
			    loff_t *pos)
{
	char *text;

	count = min_t(size_t, count, HERCON_WRITE);
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	hercon_lines("", text, count);
	kfree(text);
	return count;
}

static ssize_t hercmd_write(struct file *file, const char __user *buf, size_t count,
			    loff_t *pos)
{
	char cmd[240 + 1];
	int len;

	if (count >= sizeof(cmd))
		return -EINVAL;
	if (copy_from_user(cmd, buf, count))
		return -EFAULT;
	cmd[count] = '\0';
	strim(cmd);

	mutex_lock(&hercon_cmd_lock);
	len = cpcmd(cmd, hercon_answer, HERCON_ANSWER, NULL);
	hercon_answer_len = clamp_t(int, len, 0, HERCON_ANSWER);
	mutex_unlock(&hercon_cmd_lock);
	return count;
}

static ssize_t hercmd_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	ssize_t rc;

	mutex_lock(&hercon_cmd_lock);
	rc = simple_read_from_buffer(buf, count, pos, hercon_answer, hercon_answer_len);
	mutex_unlock(&hercon_cmd_lock);
	return rc;
}

static const struct file_operations hercon_fops = {
	.owner	= THIS_MODULE,
	.write	= hercon_write,
};

static const struct file_operations hercmd_fops = {
	.owner	= THIS_MODULE,
	.write	= hercmd_write,
	.read	= hercmd_read,
	.llseek	= default_llseek,
};

static struct miscdevice hercon_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hercon",
	.fops	= &hercon_fops,
};

static struct miscdevice hercmd_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hercmd",
	.fops	= &hercmd_fops,
};

static int __init hercon_init(void)
{
	int rc;

	/* DIAGNOSE X'8' takes 31-bit addresses. */
	hercon_answer = (char *)get_zeroed_page(GFP_KERNEL | GFP_DMA);
	if (!hercon_answer)
		return -ENOMEM;
	rc = misc_register(&hercon_dev);
	if (rc)
		goto out_page;
	rc = misc_register(&hercmd_dev);
	if (rc)
		goto out_hercon;
	register_console(&hercon_console);
	return 0;

out_hercon:
	misc_deregister(&hercon_dev);
out_page:
	free_page((unsigned long)hercon_answer);
	return rc;
}

static void __exit hercon_exit(void)
{
	unregister_console(&hercon_console);
	misc_deregister(&hercmd_dev);
	misc_deregister(&hercon_dev);
	free_page((unsigned long)hercon_answer);
}

module_init(hercon_init);
module_exit(hercon_exit);
MODULE_DESCRIPTION("Console and command channel of a Hercules guest");
MODULE_LICENSE("GPL");
